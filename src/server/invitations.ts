import { ConflictError } from '../errors.ts';
import { sendMail } from '../mail.ts';
import type { Role } from '../model/role.ts';
import { membershipsOf } from '../store/accounts.ts';
import { addSignInLink, dropInvitations } from '../store/sign-in-links.ts';
import type { Tenant } from '../store/tenant.ts';
import type { ServerParts } from './parts.ts';

/** An invitation waits for somebody on holiday; a link that was asked for is used at once. */
const INVITATION_HOURS = 7 * 24;
const LINK_HOURS = 1;

export type Invited = { link: string; mailed: boolean; expiresAt: Date };
type Guest = { email: string; role: Role; by: string };

/** @throws ConflictError where they are a member already: a link must not change their role */
export async function invite(
  parts: ServerParts,
  tenant: Pick<Tenant, 'id' | 'name'>,
  guest: Guest,
): Promise<Invited> {
  const { pool } = parts.store;
  const known = (await membershipsOf(pool, guest.email)).some(({ tenantId }) => tenantId === tenant.id);
  if (known) {
    throw new ConflictError('member_exists', `${guest.email} is here already. Nobody was invited.`, {
      action: 'Change their role under People, or make them a link to sign in.',
    });
  }
  await dropInvitations(pool, tenant, guest.email);
  return makeLink(parts, tenant, guest, INVITATION_HOURS, (link) => ({
    subject: `${guest.by} invites you to Segment Sync`,
    text: [
      `${guest.by} invites you to ${tenant.name} in Segment Sync.`,
      `Open this address to come in. It works once, within a week:\n\n${link}`,
      'If you do not expect this, do nothing.',
    ].join('\n\n'),
  }));
}

/** A link for somebody who is a member already. */
export function linkFor(
  parts: ServerParts,
  tenant: Pick<Tenant, 'id' | 'name'>,
  guest: Guest,
): Promise<Invited> {
  return makeLink(parts, tenant, guest, LINK_HOURS, (link) => ({
    subject: 'Sign in to Segment Sync',
    text: [
      `Open this address to sign in to ${tenant.name}. It works once, within the hour:\n\n${link}`,
      'If you did not ask for it, do nothing.',
    ].join('\n\n'),
  }));
}

async function makeLink(
  parts: ServerParts,
  tenant: Pick<Tenant, 'id'>,
  { email, role, by }: Guest,
  hours: number,
  mail: (link: string) => { subject: string; text: string },
): Promise<Invited> {
  const token = await addSignInLink(parts.store.pool, {
    tenantId: tenant.id,
    email,
    role,
    createdBy: by,
    hours,
  });
  const link = `${parts.publicUrl}/sign-in/link?token=${token}`;
  const mailed = await sendMail(parts, { to: email, ...mail(link) });
  return { link, mailed, expiresAt: new Date(Date.now() + hours * 3_600_000) };
}
