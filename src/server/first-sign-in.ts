import type { App } from '../app.ts';
import { listMembers } from '../store/accounts.ts';
import { addSignInLink } from '../store/sign-in-links.ts';
import { firstTenant } from '../store/tenant.ts';

const LINK_HOURS = 1;

/**
 * Prints a link that signs an admin in, once: on a store with nobody in it, and at each start of an embedded one,
 * whose owner may have no other way in. It goes to standard error beside the log, never into it: whoever reads the
 * terminal owns the machine, whoever reads the log may not.
 */
export async function offerFirstSignIn(
  app: Pick<App, 'store' | 'config'>,
  print = (text: string) => process.stderr.write(text),
): Promise<void> {
  const { pool } = app.store;
  const tenant = await firstTenant(pool, { id: 'main', name: 'Main' });
  const members = await listMembers(pool, tenant);
  if (members.length > 0 && pool.kind === 'server') return;
  const admin = members.find(({ role }) => role === 'admin');
  const token = await addSignInLink(pool, {
    tenantId: tenant.id,
    email: admin?.email ?? 'admin@localhost',
    role: 'admin',
    createdBy: 'start',
    hours: LINK_HOURS,
  });
  const url = app.config.publicUrl ?? `http://localhost:${app.config.port}`;
  print(`\nSign in (once, within the hour): ${url}/sign-in/link?token=${token}\n\n`);
}
