import { z } from 'zod';
import type { Link, ObjectType, SourceRecord } from '../../src/model/record.ts';
import { HUBSPOT_OBJECTS } from './objects.ts';

const Paging = z.object({ next: z.object({ after: z.coerce.string() }).optional() }).optional();

const Value = z.union([z.string(), z.number().transform(String), z.boolean().transform(String)]);

/**
 * A record as the object endpoints show it. Nobody's record keeps the rest of its page from being read: a deal's
 * creation date is typed by people, and Java writes the year 20222 in a way that is no ISO date of four digits.
 */
export const HubSpotRecord = z.object({
  id: z.string().min(1),
  properties: z.record(z.string(), Value.nullable()),
  createdAt: z.iso.datetime({ offset: true }).nullable().catch(null),
  updatedAt: z.iso.datetime({ offset: true }),
  archived: z.boolean().default(false),
  archivedAt: z.iso.datetime({ offset: true }).optional().catch(undefined),
  associations: z
    .record(
      z.string(),
      z.object({ results: z.array(z.object({ id: z.coerce.string(), type: z.string() })), paging: Paging }),
    )
    .optional(),
});
export type HubSpotRecord = z.infer<typeof HubSpotRecord>;

export const RecordPage = z.object({ results: z.array(HubSpotRecord), paging: Paging });
export const SearchPage = RecordPage.extend({ total: z.int().min(0) });

/** One of ours from one of theirs. `links` undefined: this answer did not tell them. */
export function toRecord(object: ObjectType, record: HubSpotRecord, links: Link[] | undefined): SourceRecord {
  return {
    object,
    id: record.id,
    kind: object,
    properties: record.properties,
    createdAt: record.createdAt,
    updatedAt: record.archivedAt ?? record.updatedAt,
    state: record.archived ? 'deleted' : 'live',
    mergedInto: null,
    ...(links !== undefined && !record.archived && { links: [...links, ...parentOf(object, record)] }),
  };
}

export function tombstone(
  object: ObjectType,
  id: string,
  at: string,
  mergedInto: string | null,
): SourceRecord {
  return {
    object,
    id,
    kind: object,
    properties: {},
    createdAt: null,
    updatedAt: at,
    state: mergedInto === null ? 'deleted' : 'merged',
    mergedInto,
  };
}

/** Ids that were merged into this record: "1;2", and for contacts also "1:time;2:time". */
export function mergedIds({ id, properties }: HubSpotRecord): string[] {
  const lists = [properties.hs_merged_object_ids, properties.hs_calculated_merged_vids];
  const ids = lists.flatMap((list) =>
    (list ?? '').split(';').map((entry) => entry.split(':')[0]?.trim() ?? ''),
  );
  return [...new Set(ids)].filter((merged) => merged !== '' && merged !== id);
}

/** The record, and a tombstone for each one that was merged into it. */
export function withMerged(
  object: ObjectType,
  record: HubSpotRecord,
  links: Link[] | undefined,
): SourceRecord[] {
  const merged = mergedIds(record).map((id) => tombstone(object, id, record.updatedAt, record.id));
  return [toRecord(object, record, links), ...merged];
}

/** A company's parent is a property of it. */
function parentOf(object: ObjectType, { id, properties }: HubSpotRecord): Link[] {
  const parent = object === 'company' ? properties.hs_parent_company_id : null;
  return parent && parent !== id ? [{ to: 'company', id: parent, primary: true, role: null }] : [];
}

/**
 * Links that came with a record; null where the answer does not hold all: there are more, or a contact has a role in
 * a deal. The primary one has the plain type name, any other ends in "_unlabeled"; a label shows by its inner name
 * only, which stays as it was when the label is renamed (seen 2026-11, community.hubspot.com td-p/658333).
 */
export function inlineLinks(object: ObjectType, record: HubSpotRecord): Link[] | null {
  const links: Link[] = [];
  for (const to of HUBSPOT_OBJECTS[object].links) {
    const found = record.associations?.[HUBSPOT_OBJECTS[to].path];
    if (found?.paging?.next) return null;
    for (const { id, type } of found?.results ?? []) {
      const isPlain = type === `${object}_to_${to}` || type.endsWith('_unlabeled');
      if (object === 'deal' && to === 'contact' && !isPlain) return null;
      const isPrimary = to === 'company' && type === `${object}_to_company`;
      const known = links.find((link) => link.to === to && link.id === id);
      if (known) known.primary ||= isPrimary;
      else links.push({ to, id, primary: isPrimary, role: null });
    }
  }
  return links;
}
