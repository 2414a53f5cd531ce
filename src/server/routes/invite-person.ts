import { z } from 'zod';
import { Role } from '../../model/role.ts';
import { invite } from '../invitations.ts';
import { Instant, route } from '../route.ts';

export default route({
  method: 'POST',
  path: '/api/invitations',
  summary: 'Invite somebody by a link that works once; mailed where a mail server is set',
  tag: 'People',
  may: 'administer',
  action: 'person.invite',
  status: 201,
  body: z.strictObject({ email: z.email('an e-mail address').max(200), role: Role }),
  answer: z.object({
    /** Shown once: only its hash is kept. */
    link: z.string(),
    /** False: pass the link on yourself. */
    mailed: z.boolean(),
    expiresAt: Instant,
  }),
  handle: async ({ body, tenant, actor, parts, audit }) => {
    const email = body.email.toLowerCase();
    const invited = await invite(parts, tenant, { email, role: body.role, by: actor.name });
    audit({ subject: email, after: { role: body.role, mailed: invited.mailed } });
    return invited;
  },
});
