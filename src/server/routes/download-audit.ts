import { pageAudit } from '../../store/audit.ts';
import { beginCsv, writeCsv } from '../csv.ts';
import { route } from '../route.ts';
import { AuditFilter } from './list-audit.ts';

const ROWS_AT_ONCE = 500;

export default route({
  method: 'GET',
  path: '/api/audit.csv',
  summary: 'What people and programs changed, newest first, as CSV',
  tag: 'Audit',
  may: 'administer',
  action: 'audit.download',
  query: AuditFilter,
  streams: 'text/csv',
  handle: async ({ query, tenant, parts, response, signal, audit }) => {
    beginCsv(response, 'audit.csv', ['at', 'who', 'action', 'subject', 'before', 'after', 'from']);
    let rows = 0;
    let after: string | undefined;
    do {
      const page = await pageAudit(parts.store.pool, tenant, { ...query, after, limit: ROWS_AT_ONCE });
      const goesOn = writeCsv(
        response,
        page.items.map((one) => [
          one.at,
          one.actor,
          one.action,
          one.subject,
          one.before && JSON.stringify(one.before),
          one.after && JSON.stringify(one.after),
          one.origin,
        ]),
      );
      if (!goesOn && !signal.aborted)
        await new Promise((drained) => response.once('drain', drained).once('close', drained));
      rows += page.items.length;
      after = page.next ?? undefined;
    } while (after !== undefined && !signal.aborted);
    response.end();
    audit({ subject: 'audit log', after: { rows } });
  },
});
