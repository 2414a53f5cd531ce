import { once } from 'node:events';
import { getRun } from '../../store/runs.ts';
import { runWrites } from '../../views/writes.ts';
import { beginCsv, writeCsv } from '../csv.ts';
import { route } from '../route.ts';
import { RunParams } from './get-run.ts';

const AT_ONCE = 1_000;

export default route({
  method: 'GET',
  path: '/api/runs/:id/writes.csv',
  summary: 'What a run wrote, as a file; erased people are not in it',
  tag: 'Runs',
  may: 'read',
  action: 'run.download',
  streams: 'text/csv',
  params: RunParams,
  handle: async ({ params, tenant, parts, response, signal, audit }) => {
    const { pool } = parts.store;
    const { id } = await getRun(pool, tenant, params.id);
    beginCsv(response, `run-${id}-writes.csv`, [
      'at',
      'connection',
      'object',
      'record',
      'customer',
      'what',
      'before',
      'after',
      'undone_at',
    ]);
    let after: string | undefined;
    let rows = 0;
    do {
      const page = await runWrites(pool, tenant, id, { after, limit: AT_ONCE });
      const goesOn = writeCsv(
        response,
        page.map((row) => [
          row.at,
          row.connection,
          row.object,
          row.record,
          row.customer,
          row.what,
          row.before,
          row.after,
          row.undoneAt,
        ]),
      );
      if (!goesOn && !signal.aborted) await once(response, 'drain', { signal }).catch(() => undefined);
      rows += page.length;
      after = page.length === AT_ONCE ? page.at(-1)?.id : undefined;
    } while (after && !signal.aborted);
    response.end();
    audit({ subject: `run ${id}`, after: { rows } });
  },
});
