import type { Request, Response } from 'express';
import { SignInError } from '../errors.ts';
import { membershipsOf } from '../store/accounts.ts';
import { addAudit } from '../store/audit.ts';
import { acceptInvitation } from '../store/sign-in-links.ts';
import type { ServerParts } from './parts.ts';
import { startSession } from './start-session.ts';

/**
 * Signs in whom somebody else vouches for: a member, or somebody who was invited at that address.
 * @param who.tenants companies for which the voucher counts; left out, all of them
 * @throws SignInError where the address is nobody's here
 */
export async function letIn(
  parts: ServerParts,
  http: { request: Request; response: Response },
  who: { email: string; by: string; tenants?: readonly string[] },
): Promise<void> {
  const { pool } = parts.store;
  const counts = (tenantId: string) => who.tenants === undefined || who.tenants.includes(tenantId);
  const member =
    (await membershipsOf(pool, who.email)).find(({ tenantId }) => counts(tenantId)) ??
    (await acceptInvitation(pool, who.email, who.tenants));
  if (!member) {
    throw new SignInError('not_a_member', `${who.email} is not known here. You are not signed in.`, {
      action: 'Ask an admin of your company for an invitation to this address.',
    });
  }
  await startSession(parts, http, member);
  await addAudit(
    pool,
    { id: member.tenantId },
    { actor: who.email, action: 'session.begin', subject: who.by, origin: http.request.ip },
  );
}
