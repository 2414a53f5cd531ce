import type { Page, PullMode } from '../../../connectors/contract.ts';
import type { ObjectType } from '../../model/record.ts';
import { noteDirtyRecords } from '../../store/dirty.ts';
import { joinByHash } from '../../store/plans.ts';
import type { PoolClient } from '../../store/pool.ts';
import { markSeen, moveLinks, replaceLinks, type UpsertCounts, upsertRecords } from '../../store/records.ts';
import { suppressedIn } from '../label/suppressed.ts';
import { noteShown } from '../push/pins.ts';
import type { ShownProperty } from '../push/shown-values.ts';
import type { StageContext } from '../stage.ts';
import { fenced } from '../with-leases.ts';
import { type Reading, toLinkRows, toRecordRow } from './read-record.ts';

export type PageSource = {
  connectionId: string;
  object: ObjectType;
  mode: PullMode;
  reading: Reading;
  /** Our own properties. */
  shown: ShownProperty[];
  /** Attributes whose property can't be read now. */
  keep: string[];
  /** When the pass over all records began, where this page is of one. */
  since?: string;
};

export type PageOutcome = UpsertCounts & { linked: number; invalid: number; unreadable: number };

/**
 * Stores one page in one transaction, together with what `also` commits (the cursor). Pages of mode `links` tell
 * ids and links only, and leave the records' values alone. Nothing of erased people is stored, however late it comes.
 */
export async function storePage(
  work: StageContext,
  source: PageSource,
  page: Page,
  also: (client: PoolClient, stored: PageOutcome) => Promise<void>,
): Promise<PageOutcome> {
  const { tenant } = work;
  const told = lastOfEach(page.records.filter((record) => record.object === source.object));
  const toldRows = told.map((record) => toRecordRow(record, source.reading));
  const toldLinks = told.flatMap(toLinkRows);
  // Before the transaction: it is read from the same store.
  const key = await work.suppressionKey?.();
  return fenced(work, async (client) => {
    const erased = await suppressedIn(
      client,
      { tenant, key },
      { ...source, rows: toldRows, links: toldLinks },
    );
    const isErased = ({ id }: { id: string }) => source.object === 'contact' && erased.has(id);
    const records = told.filter((record) => !isErased(record));
    const rows = toldRows.filter((row) => !isErased(row));
    const ids = rows.map((row) => row.id);
    const links = toldLinks.filter(
      (link) => !isErased({ id: link.from_id }) && !(link.to_object === 'contact' && erased.has(link.to_id)),
    );
    await joinByHash(client);
    const upserted =
      source.mode === 'links'
        ? { read: 0, new: 0, changed: 0, deleted: 0, merged: 0, doubted: 0 }
        : await upsertRecords(client, tenant, { ...source, rows, byId: source.mode === 'ids' });
    if (source.since !== undefined) await markSeen(client, tenant, { ...source, ids, since: source.since });
    const linked = await replaceLinks(client, tenant, {
      ...source,
      rows: links,
      told: records
        .filter((r) => r.links && r.state === 'live')
        .map((r) => ({ id: r.id, updated: r.updatedAt })),
    });
    // Pages of links have no values, which is not the same as empty ones.
    if (source.mode !== 'links') {
      const live = records.filter((record) => record.state === 'live');
      await noteShown(client, tenant, source, source.shown, live);
    }
    await moveLinks(client, tenant, { ...source, rows, links });
    // The CRM gave the survivor what the merged record had: read it again, its own time may not say so.
    const survivors = upserted.merged > 0 ? records.flatMap((record) => record.mergedInto ?? []) : [];
    if (survivors.length > 0) await noteDirtyRecords(client, tenant, { ...source, ids: survivors });
    const outcome = {
      ...upserted,
      linked,
      invalid: rows.filter((row) => Object.keys(row.invalid).length > 0).length,
      unreadable: page.unreadable?.length ?? 0,
    };
    await also(client, outcome);
    return outcome;
  });
}

/** A page may name a record twice (two changes): one statement can write it once only, the newest counts. */
function lastOfEach(records: Page['records']): Page['records'] {
  const last = new Map<string, Page['records'][number]>();
  for (const record of records) {
    const other = last.get(record.id);
    if (!other || Date.parse(record.updatedAt) >= Date.parse(other.updatedAt)) last.set(record.id, record);
  }
  return [...last.values()];
}
