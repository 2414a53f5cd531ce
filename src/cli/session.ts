import type { App } from '../app.ts';
import { type Config, readConfig } from '../config.ts';
import { InputError } from '../errors.ts';
import { createLog } from '../log.ts';
import { firstTenant, listTenants, migrateTenant, type Tenant } from '../store/tenant.ts';
import { createOutput, type Output } from './output.ts';

/** Options that every command takes. */
export type CommonOptions = { json?: boolean; tenant?: string; verbose?: boolean };

export type Session = { app: App; tenant: Tenant; output: Output };

const FIRST_TENANT = 'main';

/** Opens the store, finds the tenant, runs the command, and closes everything again. */
export async function withSession<T>(
  options: CommonOptions,
  work: (session: Session) => Promise<T>,
  given?: Partial<Config>,
): Promise<T> {
  const config = { ...readConfig(), ...given };
  const log = createLog({ level: options.verbose ? 'debug' : 'error' });
  // Read here, so that a command's help and its wrong options are told without it.
  const { openApp } = await import('../app.ts');
  const app = await openApp(config, log);
  try {
    const tenant = await findTenant(app, options.tenant);
    return await work({ app, tenant, output: createOutput(options.json ?? false) });
  } finally {
    await app.close();
  }
}

/** The tenant that was named; else the only one; on a new store the first, made here. */
async function findTenant(app: App, named: string | undefined): Promise<Tenant> {
  const { pool } = app.store;
  if (named !== undefined) return migrateTenant(pool, named);
  const [first, ...others] = await listTenants(pool);
  if (!first) return firstTenant(pool, { id: FIRST_TENANT, name: 'Main' });
  if (others.length > 0) {
    throw new InputError('tenant_ambiguous', `There are ${others.length + 1} tenants in this store.`, {
      action: `Say which with --tenant, one of: ${[first, ...others].map(({ id }) => id).join(', ')}.`,
    });
  }
  return migrateTenant(pool, first.id);
}
