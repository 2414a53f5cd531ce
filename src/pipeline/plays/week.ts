import { DateTime } from 'luxon';
import type { Tenant } from '../../store/tenant.ts';

/** The Monday of a day's week in the tenant's zone, YYYY-MM-DD. */
export function weekOf(tenant: Pick<Tenant, 'zone'>, at: Date): string {
  return DateTime.fromJSDate(at, { zone: tenant.zone }).startOf('week').toISODate() ?? '';
}
