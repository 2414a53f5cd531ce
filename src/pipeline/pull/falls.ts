import { z } from 'zod';
import type { Json } from '../../../connectors/contract.ts';
import { InputError } from '../../errors.ts';
import { Policy } from '../../model/policy.ts';
import { ObjectType } from '../../model/record.ts';
import { getCursor, saveCursor } from '../../store/cursors.ts';
import { type Pool, type Queryable, transaction } from '../../store/pool.ts';
import type { Tenant } from '../../store/tenant.ts';

/** A fall in an object's records that was larger than the policy allows: nothing of it was applied. */
export const Fall = z.object({ live: z.number(), missing: z.number(), since: z.string() });
export type Fall = z.infer<typeof Fall>;

/** What a cursor row holds: the connector's own cursor, and what the pass over the records needs. */
export const Progress = z.object({
  cursor: z.json(),
  /** When this pass began, by the database's clock; null between passes. */
  startedAt: z.string().nullable().default(null),
  /** Attributes that all pages of this pass were read with. */
  attributes: z.array(z.string()).default([]),
  seen: z.number().default(0),
  /** Live records whose page did not tell their links. */
  untold: z.number().default(0),
  /** The last page is stored; what is left is to end the pass. */
  ended: z.boolean().default(false),
  total: z.number().nullable().default(null),
  /** Records gone in this pass so far, and how many were live at its start. */
  gone: z.number().default(0),
  live: z.number().nullable().default(null),
  fall: Fall.nullable().default(null),
  /** A person looked at the fall and said that it is right. */
  accepted: z.boolean().default(false),
});
export type Progress = z.infer<typeof Progress> & { cursor: Json };

/** Is losing `missing` of `live` records more than may happen unseen? */
export function isFall(tenant: Tenant, missing: number, live: number): boolean {
  const { recordShare, recordLeast } = Policy.parse(tenant.policy).brakes;
  return missing >= recordLeast && missing > live * recordShare;
}

export type HeldFall = Fall & {
  connectionId: string;
  object: ObjectType;
  purpose: 'full' | 'links' | 'deleted';
};

const HeldRow = z.object({
  connection_id: z.string(),
  object: ObjectType,
  purpose: z.enum(['full', 'links', 'deleted']),
  fall: Fall,
});

/** Falls that wait for a person. */
export async function listFalls(db: Queryable, tenant: Tenant): Promise<HeldFall[]> {
  const { rows } = await db.query(
    `select connection_id, object, purpose, value -> 'fall' as fall from ${tenant.schema}.cursor
     where jsonb_typeof(value -> 'fall') = 'object' and value ->> 'accepted' = 'false'
     order by connection_id, object, purpose`,
  );
  return z
    .array(HeldRow)
    .parse(rows)
    .map(({ connection_id, fall, ...row }) => ({ ...row, ...fall, connectionId: connection_id }));
}

/** A person says that the records are really gone: the next run removes them. */
export async function acceptFall(
  pool: Pool,
  tenant: Tenant,
  key: Pick<HeldFall, 'connectionId' | 'object' | 'purpose'>,
): Promise<void> {
  await transaction(pool, async (client) => {
    const cursor = await getCursor(client, tenant, key);
    const progress = cursor ? Progress.parse(cursor.value) : null;
    if (!cursor || !progress?.fall) {
      throw new InputError(
        'no_fall',
        `No fall of ${key.object} records waits for a decision. Nothing was changed.`,
        {
          action: 'Look at the list of falls again.',
        },
      );
    }
    await saveCursor(client, tenant, key, { value: { ...progress, accepted: true }, done: false });
  });
}
