import { z } from 'zod';
import type { SourceRecord } from '../../src/model/record.ts';
import type { Context, Page, PullRequest } from '../contract.ts';
import { BUDGETS } from './client.ts';
import type { HubSpotConfig } from './config.ts';
import { pageLinks, readLinks } from './links.ts';
import { HUBSPOT_OBJECTS } from './objects.ts';
import { pullIds } from './pull-ids.ts';
import { listPage, readProperties, searchChanged, searchTied } from './reads.ts';
import { toRecord, withMerged } from './records.ts';

/** Search shows a change late, and clocks differ: each pass begins this long before the last one began. */
const OVERLAP_MS = 5 * 60_000;

const Cursor = z.object({
  /** Changes from here on (ms) are to be read, or archived records. */
  since: z.number().default(0),
  /** Where the next pass begins once this one is through; by HubSpot's clock at the pass's first answer. */
  next: z.number().nullable().default(null),
  /** Position in a list. */
  after: z.string().nullable().default(null),
  /** Changes before this time have been given. */
  at: z.number().nullable().default(null),
  /** Within records of one change time: the last id given. */
  tieAfter: z.string().nullable().default(null),
  /** How long the list of archived records was in this pass, or in the last one. */
  pages: z.number().default(0),
});
type Cursor = z.infer<typeof Cursor>;

const startOf = (cursor: PullRequest['cursor']): Cursor => Cursor.parse(cursor ?? {});

const idsOf = (records: { id: string }[]) => records.map(({ id }) => id);

/** Reads records of one object; see PullMode for what each mode gives. */
export async function* pullHubSpot(
  context: Context<HubSpotConfig>,
  request: PullRequest,
): AsyncGenerator<Page, void, void> {
  if (request.mode === 'ids') yield await pullIds(context, request);
  else if (request.mode === 'changes') yield* changed(context, request);
  else if (request.mode === 'deleted') yield* archived(context, request);
  else yield* listed(context, request, request.mode === 'links');
}

/** All live records by id, 100 a page with their links. At its end the cursor begins the first `changes`. */
async function* listed(
  context: Context<HubSpotConfig>,
  request: PullRequest,
  isLinksOnly: boolean,
): AsyncGenerator<Page, void, void> {
  const { object } = request;
  const { needed } = HUBSPOT_OBJECTS[object];
  const properties = isLinksOnly ? needed : [...needed, ...request.properties];
  let cursor = startOf(request.cursor);
  for (;;) {
    const page = await listPage(context, object, { after: cursor.after, properties, links: true });
    const links = await pageLinks(context, object, page.records);
    const full = page.isWithoutProperties
      ? await readProperties(context, object, idsOf(page.records), properties)
      : page.records;
    const records = full.flatMap((record): SourceRecord[] => {
      if (!isLinksOnly) return withMerged(object, record, links.get(record.id));
      return [{ ...toRecord(object, record, links.get(record.id)), properties: {} }];
    });
    const next = cursor.next ?? page.serverTime - OVERLAP_MS;
    const done = page.after === null;
    cursor = Cursor.parse(done ? { since: next } : { next, after: page.after });
    yield { records, cursor, done };
    if (done) return;
  }
}

/**
 * How long a list of archived records rests that is longer than a few pages: after a great clean-up it may be as long as
 * that of the live ones, for ninety days. Then it takes one in a hundred of the account's calls; deletions are told by
 * events, and the daily sweep sees them too.
 */
const restMs = (pages: number): number => {
  const { windowMs, permits } = BUDGETS.general;
  return pages <= FEW_PAGES ? 0 : (pages * 100 * windowMs) / permits;
};
const FEW_PAGES = 10;

/** Archived records, of which those since the last pass are given. The list has no order in time: it is read whole. */
async function* archived(
  context: Context<HubSpotConfig>,
  request: PullRequest,
): AsyncGenerator<Page, void, void> {
  const { object } = request;
  let cursor = startOf(request.cursor);
  const isBegun = cursor.next !== null;
  const rest = isBegun ? 0 : restMs(cursor.pages);
  if (rest > 0 && context.asOf.getTime() < cursor.since + OVERLAP_MS + rest) {
    yield { records: [], cursor, done: true };
    return;
  }
  let pages = isBegun ? cursor.pages : 0;
  for (;;) {
    const { needed } = HUBSPOT_OBJECTS[object];
    const page = await listPage(context, object, {
      after: cursor.after,
      properties: needed,
      isArchived: true,
    });
    const fresh = page.records.filter(
      ({ archivedAt }) => archivedAt === undefined || Date.parse(archivedAt) >= cursor.since,
    );
    const records = fresh.map((record) => ({ ...toRecord(object, record, undefined), properties: {} }));
    const next = cursor.next ?? page.serverTime - OVERLAP_MS;
    const done = page.after === null;
    pages += 1;
    cursor = Cursor.parse(done ? { since: next, pages } : { ...cursor, next, after: page.after, pages });
    yield { records, cursor, done };
    if (done) return;
  }
}

/**
 * Records by change time. Each page asks from the last time of the page before, and never by offset: a record that
 * is edited meanwhile moves to the end and shifts the rest. A full page gives up the records of its last time, which
 * begin the next one; where one time fills half a page, its records are read by id.
 */
async function* changed(
  context: Context<HubSpotConfig>,
  request: PullRequest,
): AsyncGenerator<Page, void, void> {
  const { object } = request;
  let cursor = startOf(request.cursor);
  let hasSeenAny = cursor.at !== null;
  for (;;) {
    const from = cursor.at ?? cursor.since;
    const page =
      cursor.tieAfter === null
        ? await searchChanged(context, object, from, request.properties, hasSeenAny)
        : await searchTied(context, object, from, cursor.tieAfter, request.properties);
    const next = cursor.next ?? page.serverTime - OVERLAP_MS;
    hasSeenAny ||= page.records.length > 0;
    const ids = idsOf(page.records);
    const [links, full] = await Promise.all([
      readLinks(context, object, ids),
      page.isWithoutProperties ? readProperties(context, object, ids, request.properties) : page.records,
    ]);
    const records = full.flatMap((record) => withMerged(object, record, links.get(record.id)));
    const { following } = page;
    const done = following === null;
    // An empty answer moves nothing: the next pass asks for the same time again.
    const ended = { since: hasSeenAny ? next : cursor.since };
    cursor = Cursor.parse(following === null ? ended : { since: cursor.since, next, ...following });
    yield { records, cursor, done };
    if (done) return;
  }
}
