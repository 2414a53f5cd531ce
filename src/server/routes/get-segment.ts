import { z } from 'zod';
import { NotFoundError } from '../../errors.ts';
import { segmentSizes } from '../../pipeline/label/sizes.ts';
import { indexAttributes } from '../../segmentation/attribute-index.ts';
import { nameOfColumn } from '../../segmentation/attribute-names.ts';
import { Play } from '../../segmentation/definition.ts';
import { type Described, describeSegment } from '../../segmentation/describe.ts';
import { tellable, type Unmet } from '../../segmentation/requirements.ts';
import { listAttributes } from '../../store/columns.ts';
import { listConnections } from '../../store/connections.ts';
import type { Queryable } from '../../store/pool.ts';
import { listNewest, listPublished, type SegmentationRow } from '../../store/segmentations.ts';
import { listTargets } from '../../store/targets.ts';
import type { Tenant } from '../../store/tenant.ts';
import { Instant, route } from '../route.ts';

export const SegmentParams = z.strictObject({
  key: z.string().regex(/^[a-z0-9_]{1,48}$/, 'a key'),
  segment: z.string().regex(/^[a-z0-9_]{1,48}$/, 'a key'),
});

const Words: z.ZodType<Described> = z.lazy(() =>
  z.union([
    z.object({ text: z.string() }),
    z.object({ kind: z.enum(['all', 'any', 'not']), parts: z.array(Words) }),
  ]),
);

/** @throws NotFoundError where no published segmentation has such a segment */
export async function findSegment(
  db: Queryable,
  tenant: Tenant,
  { key, segment }: z.output<typeof SegmentParams>,
): Promise<SegmentationRow> {
  const row = (await listPublished(db, tenant)).find((one) => one.key === key);
  if (row?.definition.segments.some((one) => one.key === segment)) return row;
  throw new NotFoundError('segment_unknown', `No published segment set has a segment ${key}.${segment}.`, {
    action: 'See the segment sets; a draft has members once it is published.',
  });
}

export default route({
  method: 'GET',
  path: '/api/segmentations/:key/segments/:segment',
  summary: 'One segment: who it asks for, how many hold it, what to do, where it is written',
  tag: 'Segments',
  may: 'read',
  params: SegmentParams,
  answer: z.object({
    segmentation: z.object({
      key: z.string(),
      name: z.string(),
      method: z.string(),
      subject: z.enum(['person', 'company']),
      goal: z.string().nullable(),
      owner: z.string().nullable(),
      version: z.number(),
      segments: z.array(z.object({ key: z.string(), name: z.string(), size: z.number() })),
    }),
    key: z.string(),
    name: z.string(),
    stay: z.string().nullable(),
    play: Play.nullable(),
    /** Null where the method learns who belongs here. */
    words: Words.nullable(),
    needs: z.array(z.string()).describe('Attributes that nothing feeds, by name: nobody can be in it'),
    passedOver: z
      .array(z.string())
      .describe('The same where the other conditions tell who is in it, without those'),
    size: z.number(),
    revenue: z.number(),
    /** Of all subjects, those with and without a label of this segment set. */
    of: z.number(),
    targets: z.array(
      z.object({
        connection: z.string(),
        kind: z.string(),
        object: z.string(),
        state: z.enum(['held', 'live', 'paused']),
        reason: z.string().nullable(),
        since: Instant.nullable(),
      }),
    ),
  }),
  handle: async ({ params, tenant, parts }) => {
    const { pool } = parts.store;
    const { definition, version } = await findSegment(pool, tenant, params);
    const found = definition.segments.find(({ key }) => key === params.segment);
    const sizes = await segmentSizes(pool, tenant, definition);
    const connections = new Map((await listConnections(pool, tenant)).map(({ id, name }) => [id, name]));
    const targets = await listTargets(pool, tenant, { segmentation: params.key });
    const attributes = await listAttributes(pool, tenant);
    const published = (await listPublished(pool, tenant)).map((row) => row.definition);
    const { unmet, passedOver } = tellable(published, indexAttributes(attributes));
    const namesIn = (of: readonly Unmet[]): string[] =>
      (
        of.find((one) => one.segmentation === params.key && one.segment === params.segment)?.missing ?? []
      ).map((one) => nameOfColumn(one, definition.subject, attributes));
    const own = sizes.segments.find(({ segment }) => segment === params.segment);
    return {
      segmentation: {
        key: definition.key,
        name: definition.name,
        method: definition.method,
        subject: definition.subject,
        goal: definition.goal ?? null,
        owner: definition.owner ?? null,
        version,
        segments: definition.segments.map(({ key, name }) => ({
          key,
          name,
          size: sizes.segments.find(({ segment }) => segment === key)?.size ?? 0,
        })),
      },
      key: params.segment,
      name: found?.name ?? params.segment,
      stay: found?.stay ?? null,
      play: found?.play ?? null,
      words: describeSegment(definition, params.segment, {
        attributes,
        calendar: { asOf: new Date(), zone: tenant.zone, fiscalYearStart: tenant.fiscalYearStart },
        currency: tenant.currency,
        others: (await listNewest(pool, tenant)).map((one) => one.definition),
      }),
      needs: namesIn(unmet),
      passedOver: namesIn(passedOver),
      size: own?.size ?? 0,
      revenue: Number(own?.revenue ?? 0),
      of: sizes.segments.reduce((sum, { size }) => sum + size, sizes.unlabelled),
      targets: targets
        .filter(({ segment }) => segment === null || segment === params.segment)
        .map(({ connectionId, kind, object, state, reason }) => ({
          connection: connections.get(connectionId) ?? connectionId,
          kind,
          object,
          state,
          reason: reason?.message ?? null,
          since: reason ? new Date(reason.since) : null,
        })),
    };
  },
});
