import type { SourceRecord } from '../../src/model/record.ts';
import type { Context, Page, PullRequest } from '../contract.ts';
import type { HubSpotConfig } from './config.ts';
import { readLinks } from './links.ts';
import { readProperties, readRecord } from './reads.ts';
import { mergedIds, tombstone, toRecord } from './records.ts';

/**
 * Records by id as they are now. HubSpot answers a merged id with its survivor, whose id is another; an id that a
 * batch did not give is looked for among the archived ones, then asked for alone: only HubSpot's own 404 to that
 * makes it deleted.
 */
export async function pullIds(context: Context<HubSpotConfig>, request: PullRequest): Promise<Page> {
  const { object, properties } = request;
  const asked = [...new Set((request.ids ?? []).map(({ id }) => id))];
  const live = await readProperties(context, object, asked, properties);
  const seen = new Set(live.map(({ id }) => id));
  const merged = new Map(live.flatMap((record) => mergedIds(record).map((id) => [id, record] as const)));
  const gone: SourceRecord[] = [];
  let open = asked.filter((id) => !seen.has(id));
  for (const id of open) {
    const survivor = merged.get(id);
    if (survivor) gone.push(tombstone(object, id, survivor.updatedAt, survivor.id));
  }
  open = open.filter((id) => !merged.has(id));
  const archived = await readProperties(context, object, open, [], true);
  for (const record of archived) {
    if (open.includes(record.id)) gone.push({ ...toRecord(object, record, undefined), properties: {} });
  }
  open = open.filter((id) => !archived.some((record) => record.id === id));
  for (const id of open) {
    const record = await readRecord(context, object, id, properties);
    if (record === null) gone.push(tombstone(object, id, new Date().toISOString(), null));
    else if (record.id !== id) gone.push(tombstone(object, id, record.updatedAt, record.id));
    if (record !== null && !seen.has(record.id)) {
      seen.add(record.id);
      live.push(record);
    }
  }
  const links = await readLinks(context, object, [...seen]);
  return {
    records: [...live.map((record) => toRecord(object, record, links.get(record.id))), ...gone],
    cursor: null,
    done: true,
  };
}
