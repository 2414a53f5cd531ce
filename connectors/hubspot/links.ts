import { z } from 'zod';
import type { Link, ObjectType } from '../../src/model/record.ts';
import type { Context } from '../contract.ts';
import { API_VERSION, call } from './client.ts';
import type { HubSpotConfig } from './config.ts';
import { HUBSPOT_OBJECTS, PRIMARY_TYPE_IDS } from './objects.ts';
import { type HubSpotRecord, inlineLinks } from './records.ts';

const READ_BATCH = 1_000;

const Id = z.union([z.string(), z.number()]).transform(String);
const AssociationType = z.object({
  typeId: z.int(),
  category: z.string(),
  label: z.string().nullish(),
});
const BatchAnswer = z.object({
  results: z.array(
    z.object({
      from: z.object({ id: Id }),
      to: z.array(z.object({ toObjectId: Id, associationTypes: z.array(AssociationType) })),
      paging: z.object({ next: z.object({ after: z.coerce.string() }).optional() }).optional(),
    }),
  ),
  errors: z
    .array(
      z.object({
        category: z.string().nullish(),
        subCategory: z.string().nullish(),
        context: z.record(z.string(), z.array(z.string())).optional().catch(undefined),
      }),
    )
    .default([]),
});

/**
 * Links of many records by id. A record is left out where the answer did not tell: its links are not known, which is
 * not the same as none.
 */
export async function readLinks(
  context: Context<HubSpotConfig>,
  object: ObjectType,
  ids: string[],
): Promise<Map<string, Link[]>> {
  const links = new Map<string, Link[]>(ids.map((id) => [id, []]));
  for (const to of HUBSPOT_OBJECTS[object].links) {
    for (let at = 0; at < ids.length; at += READ_BATCH) {
      await readBatch(context, object, to, ids.slice(at, at + READ_BATCH), links);
    }
  }
  return links;
}

async function readBatch(
  context: Context<HubSpotConfig>,
  object: ObjectType,
  to: ObjectType,
  ids: string[],
  links: Map<string, Link[]>,
): Promise<void> {
  let inputs: { id: string; after?: string }[] = ids.map((id) => ({ id }));
  while (inputs.length > 0) {
    const { path } = HUBSPOT_OBJECTS[object];
    const { data } = await call(
      context,
      {
        method: 'POST',
        path: `/crm/associations/${API_VERSION}/${path}/${HUBSPOT_OBJECTS[to].path}/batch/read`,
        body: { inputs },
        rows: inputs.length,
      },
      BatchAnswer,
    );
    const told = new Set(data.errors.filter(saysNone).flatMap((error) => error.context?.fromObjectId ?? []));
    const next: { id: string; after?: string }[] = [];
    for (const { from, to: found, paging } of data.results) {
      told.add(from.id);
      links.get(from.id)?.push(...found.map((each) => toLink(to, each)));
      if (paging?.next) next.push({ id: from.id, after: paging.next.after });
    }
    // Neither links nor word that there are none: an answer that is empty by mistake takes nobody's links away.
    for (const { id } of inputs) if (!told.has(id)) links.delete(id);
    inputs = next;
  }
}

const NONE = 'crm.associations.NO_ASSOCIATIONS_FOUND';

/** A record with no association is reported among the errors, as others are that could not be looked up. */
const saysNone = ({ category, subCategory }: z.infer<typeof BatchAnswer>['errors'][number]) =>
  category === 'OBJECT_NOT_FOUND' && (subCategory ?? NONE) === NONE;

/** Labels that admins made are roles; HubSpot's own say only which one is primary. */
function toLink(
  to: ObjectType,
  {
    toObjectId,
    associationTypes,
  }: { toObjectId: string; associationTypes: z.infer<typeof AssociationType>[] },
): Link {
  const roles = associationTypes.flatMap(({ category, label }) =>
    category !== 'HUBSPOT_DEFINED' && label ? [label.replaceAll(';', ',')] : [],
  );
  return {
    to,
    id: toObjectId,
    primary: associationTypes.some(({ typeId }) => PRIMARY_TYPE_IDS.has(typeId)),
    role: roles.length === 0 ? null : roles.sort().join(';'),
  };
}

/** Links that came with the records of a page, and those of the few that have more than fit there, or roles. */
export async function pageLinks(
  context: Context<HubSpotConfig>,
  object: ObjectType,
  records: HubSpotRecord[],
): Promise<Map<string, Link[]>> {
  const links = new Map<string, Link[]>();
  const large: string[] = [];
  for (const record of records) {
    const inline = inlineLinks(object, record);
    if (inline === null) large.push(record.id);
    else links.set(record.id, inline);
  }
  if (large.length === 0) return links;
  return new Map([...links, ...(await readLinks(context, object, large))]);
}
