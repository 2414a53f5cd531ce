import { type AuditEntry, addAudit } from '../store/audit.ts';
import type { Session } from './session.ts';

/**
 * One line of the audit log, as the screens write it, for a change whose function writes none itself. Whoever can
 * open the store needs no account, so the line says `cli`.
 */
export function noteChange(
  { app, tenant }: Pick<Session, 'app' | 'tenant'>,
  entry: Pick<AuditEntry, 'action' | 'subject' | 'before' | 'after'>,
): Promise<void> {
  return addAudit(app.store.pool, tenant, { actor: 'cli', ...entry });
}
