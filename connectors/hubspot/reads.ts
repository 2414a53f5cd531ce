import type { ObjectType } from '../../src/model/record.ts';
import type { Context } from '../contract.ts';
import { API_VERSION, call, isNotFound } from './client.ts';
import type { HubSpotConfig } from './config.ts';
import { HUBSPOT_OBJECTS } from './objects.ts';
import { HubSpotRecord, RecordPage, SearchPage } from './records.ts';

const LIST_PAGE = 100;
const SEARCH_PAGE = 200;
const BATCH = 100;
/** HubSpot refuses a search body of more than 3,000 characters. */
const MOST_SEARCH_CHARACTERS = 2_900;
/** Longer addresses are refused on the way. */
const MOST_QUERY_CHARACTERS = 6_000;

export const objectPath = (object: ObjectType, rest = '') =>
  `/crm/objects/${API_VERSION}/${HUBSPOT_OBJECTS[object].path}${rest}`;

/** HubSpot's own clock; ours where the header is missing. */
const serverTime = (headers: Headers): number => {
  const time = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(time) ? Date.now() : time;
};

const unique = (names: readonly string[]) => [...new Set(names)];

/** One page of all records in order of id. */
export async function listPage(
  context: Context<HubSpotConfig>,
  object: ObjectType,
  options: { after: string | null; properties: readonly string[]; links?: boolean; isArchived?: boolean },
): Promise<Omit<ChangedPage, 'following'> & { after: string | null }> {
  const names = unique(options.properties).join(',');
  const linked = HUBSPOT_OBJECTS[object].links.map((to) => HUBSPOT_OBJECTS[to].path).join(',');
  const ask = () =>
    call(
      context,
      {
        method: 'GET',
        path: objectPath(object),
        query: {
          limit: LIST_PAGE,
          properties: names.length > MOST_QUERY_CHARACTERS ? HUBSPOT_OBJECTS[object].needed.join(',') : names,
          archived: options.isArchived ?? false,
          ...(options.after !== null && { after: options.after }),
          ...(options.links && linked !== '' && { associations: linked }),
        },
        rows: LIST_PAGE,
      },
      RecordPage,
    );
  // Most accounts have no archived records, but each has others.
  const { data, headers } = await twiceIfEmpty(ask, !options.isArchived || options.after !== null);
  return {
    records: data.results,
    isWithoutProperties: names.length > MOST_QUERY_CHARACTERS,
    after: data.paging?.next?.after ?? null,
    serverTime: serverTime(headers),
  };
}

/** An empty page where records were to be expected is asked for again before it is believed. */
async function twiceIfEmpty<T extends { data: { results: unknown[] } }>(
  ask: () => Promise<T>,
  expectsRows: boolean,
): Promise<T> {
  const answer = await ask();
  return answer.data.results.length === 0 && expectsRows ? ask() : answer;
}

export type ChangedPage = {
  records: HubSpotRecord[];
  /** The properties asked for did not fit into the search and are still to be read. */
  isWithoutProperties: boolean;
  /** Where to go on; null at the end. */
  following: { at: number; tieAfter: string | null } | null;
  serverTime: number;
};

/** When a record changed, by the property that search compares and sorts by; `updatedAt` need not be the same. */
const changeTime = (object: ObjectType, { properties, updatedAt }: HubSpotRecord): number => {
  const time = Date.parse(properties[HUBSPOT_OBJECTS[object].modified] ?? '');
  return Number.isNaN(time) ? Date.parse(updatedAt) : time;
};

/** Records changed at or after `from` (ms), oldest change first. */
export async function searchChanged(
  context: Context<HubSpotConfig>,
  object: ObjectType,
  from: number,
  properties: readonly string[],
  expectsRows: boolean,
): Promise<ChangedPage> {
  const { modified } = HUBSPOT_OBJECTS[object];
  const filters = [{ propertyName: modified, operator: 'GTE', value: String(from) }];
  const found = await search(context, object, filters, modified, properties, expectsRows);
  const { records } = found;
  const last = records.at(-1);
  if (records.length < SEARCH_PAGE || last === undefined) return { ...found, following: null };
  const lastTime = changeTime(object, last);
  const whole = records.filter((record) => changeTime(object, record) !== lastTime);
  const isCrowded = records.length - whole.length > SEARCH_PAGE / 2;
  return { ...found, records: whole, following: { at: lastTime, tieAfter: isCrowded ? '0' : null } };
}

/** Records of one change time in order of id: any number may share a time, while a search ends at 10,000. */
export async function searchTied(
  context: Context<HubSpotConfig>,
  object: ObjectType,
  at: number,
  afterId: string,
  properties: readonly string[],
): Promise<ChangedPage> {
  const { modified } = HUBSPOT_OBJECTS[object];
  const filters = [
    { propertyName: modified, operator: 'BETWEEN', value: String(at), highValue: String(at) },
    { propertyName: 'hs_object_id', operator: 'GT', value: afterId },
  ];
  const found = await search(context, object, filters, 'hs_object_id', properties, true);
  const last = found.records.at(-1);
  const isEnd = found.records.length < SEARCH_PAGE || last === undefined;
  return { ...found, following: isEnd ? { at: at + 1, tieAfter: null } : { at, tieAfter: last.id } };
}

async function search(
  context: Context<HubSpotConfig>,
  object: ObjectType,
  filters: object[],
  sortBy: string,
  properties: readonly string[],
  expectsRows: boolean,
): Promise<Omit<ChangedPage, 'following'>> {
  const { needed } = HUBSPOT_OBJECTS[object];
  const bodyWith = (names: readonly string[]) => ({
    filterGroups: [{ filters }],
    sorts: [{ propertyName: sortBy, direction: 'ASCENDING' }],
    properties: unique([...needed, ...names]),
    limit: SEARCH_PAGE,
  });
  const whole = bodyWith(properties);
  const isWithoutProperties = JSON.stringify(whole).length > MOST_SEARCH_CHARACTERS;
  const ask = () =>
    call(
      context,
      {
        method: 'POST',
        path: objectPath(object, '/search'),
        budget: 'search',
        body: isWithoutProperties ? bodyWith([]) : whole,
        rows: SEARCH_PAGE,
      },
      SearchPage,
    );
  const { data, headers } = await twiceIfEmpty(ask, expectsRows);
  return { records: data.results, isWithoutProperties, serverTime: serverTime(headers) };
}

/** Records by id as they are now, in any order; what is not there is left out. */
export async function readProperties(
  context: Context<HubSpotConfig>,
  object: ObjectType,
  ids: string[],
  properties: readonly string[],
  isArchived = false,
): Promise<HubSpotRecord[]> {
  const records: HubSpotRecord[] = [];
  for (let at = 0; at < ids.length; at += BATCH) {
    const batch = ids.slice(at, at + BATCH);
    const { data } = await call(
      context,
      {
        method: 'POST',
        path: objectPath(object, '/batch/read'),
        query: { archived: isArchived },
        body: {
          inputs: batch.map((id) => ({ id })),
          properties: unique([...HUBSPOT_OBJECTS[object].needed, ...properties]),
          // Asked for by the schema; with any in it a batch is half as large.
          propertiesWithHistory: [],
        },
        rows: batch.length,
      },
      RecordPage,
    );
    records.push(...data.results);
  }
  return records;
}

/**
 * One record by id, or the one that it was merged into; null where HubSpot knows of none. Where the names do not fit
 * into one address the record is read in several.
 */
export async function readRecord(
  context: Context<HubSpotConfig>,
  object: ObjectType,
  id: string,
  properties: readonly string[],
): Promise<HubSpotRecord | null> {
  const path = objectPath(object, `/${encodeURIComponent(id)}`);
  const parts: HubSpotRecord[] = [];
  try {
    for (const names of fitting([...HUBSPOT_OBJECTS[object].needed, ...properties])) {
      const query = { properties: names.join(',') };
      parts.push((await call(context, { method: 'GET', path, query, rows: 1 }, HubSpotRecord)).data);
    }
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
  const last = parts.at(-1);
  const all = parts.flatMap((part) => Object.entries(part.properties));
  return last ? { ...last, properties: Object.fromEntries(all) } : null;
}

/** Names in portions that fit into an address. */
function fitting(names: readonly string[]): string[][] {
  const portions: string[][] = [[]];
  let characters = 0;
  for (const name of unique(names)) {
    characters += name.length + 1;
    if (characters > MOST_QUERY_CHARACTERS) {
      portions.push([]);
      characters = name.length + 1;
    }
    portions.at(-1)?.push(name);
  }
  return portions;
}

/** How many records search knows of. */
export async function sizeOfHubSpot(
  context: Context<HubSpotConfig>,
  object: ObjectType,
): Promise<number | undefined> {
  const { data } = await call(
    context,
    { method: 'POST', path: objectPath(object, '/search'), budget: 'search', body: { limit: 1 }, rows: 1 },
    SearchPage,
  );
  return data.total;
}
