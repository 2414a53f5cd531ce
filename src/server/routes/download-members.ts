import { listCustomers } from '../../views/customers.ts';
import { audienceOf } from '../audience.ts';
import { beginCsv, writeCsv } from '../csv.ts';
import { route } from '../route.ts';
import { findSegment, SegmentParams } from './get-segment.ts';

const PAGE = 1_000;

export default route({
  method: 'GET',
  path: '/api/segmentations/:key/segments/:segment/members.csv',
  summary: 'The members of a segment as a file, as they are now',
  tag: 'Segments',
  may: 'read',
  action: 'segment.download',
  streams: 'text/csv',
  params: SegmentParams,
  handle: async ({ params, tenant, actor, parts, response, signal, audit }) => {
    const { pool } = parts.store;
    const { definition } = await findSegment(pool, tenant, params);
    const isRep = audienceOf(actor) === 'rep';
    beginCsv(response, `${params.key}-${params.segment}.csv`, [
      'id',
      'name',
      definition.subject === 'person' ? 'email' : 'domain',
      'company',
      'owner',
      'revenue',
      'labels',
    ]);
    let after: { place: string; id: string } | undefined;
    let rows = 0;
    do {
      const page = await listCustomers(pool, tenant, {
        subject: definition.subject,
        label: { segmentation: params.key, segment: params.segment },
        order: 'newest',
        limit: PAGE,
        after,
      });
      const goesOn = writeCsv(
        response,
        page.map((row) => [
          row.id,
          row.name,
          row.address,
          row.company,
          row.owner,
          isRep ? null : row.revenue,
          row.labels.map(({ segmentation, segment }) => `${segmentation}.${segment}`),
        ]),
      );
      if (!goesOn && !signal.aborted)
        await new Promise((drained) => response.once('drain', drained).once('close', drained));
      rows += page.length;
      const last = page.at(-1);
      after = page.length === PAGE && last ? { place: last.place, id: last.id } : undefined;
    } while (after && !signal.aborted);
    response.end();
    audit({ subject: `${params.key}.${params.segment}`, after: { rows } });
  },
});
