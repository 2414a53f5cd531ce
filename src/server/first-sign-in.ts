import type { App } from '../app.ts';
import { listMembers } from '../store/accounts.ts';
import { addSignInLink } from '../store/sign-in-links.ts';
import { createTenant, listTenants } from '../store/tenant.ts';

const LINK_HOURS = 1;

/**
 * On a store with nobody in it, prints a link that signs the first admin in, once. It goes to standard error beside
 * the log, never into it: whoever reads the terminal owns the machine, whoever reads the log may not.
 */
export async function offerFirstSignIn(
  app: App,
  print = (text: string) => process.stderr.write(text),
): Promise<void> {
  const { pool } = app.store;
  const [first] = await listTenants(pool);
  const tenant = first ?? (await createTenant(pool, { id: 'main', name: 'Main' }));
  if ((await listMembers(pool, tenant)).length > 0) return;
  const token = await addSignInLink(pool, {
    tenantId: tenant.id,
    email: 'admin@localhost',
    role: 'admin',
    createdBy: 'start',
    hours: LINK_HOURS,
  });
  const url = app.config.publicUrl ?? `http://localhost:${app.config.port}`;
  print(`\nSign in (once, within the hour): ${url}/sign-in/link?token=${token}\n\n`);
}
