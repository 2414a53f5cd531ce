import type { ApiRequest, Reply } from '../http.ts';
import { apiBase, type Context, ok, type SalesforceEndpoint } from './context.ts';
import { badRequest } from './errors.ts';
import { type QueryResult, runSoql, type Selected } from './soql.ts';
import type { Row, Value } from './table.ts';

/** GET /query, /queryAll and their further pages. A page is never promised to be full. */

const MAX_PAGE = 2000;
const MIN_PAGE = 200;
const LOCATOR_MS = 2 * 86_400_000;

type Cursor = { object: string; selected: Selected[]; rows: Row[]; expiresAt: number };
type Nested = { [name: string]: Value | Nested };

export type QueryCalls = { endpoints: SalesforceEndpoint[]; forgetLocators(): void };

/** One row as REST gives it: relationship fields nested, each level with its attributes. */
export function recordJson(base: string, object: string, selected: Selected[], row: Row): Nested {
  const record: Nested = { attributes: { type: object, url: `${base}/sobjects/${object}/${row.id}` } };
  for (const { path, column } of selected) {
    const value = column.read(row);
    let level = record;
    for (const step of path) {
      const deeper = level[step];
      if (typeof deeper === 'object' && deeper !== null) level = deeper;
      else {
        const made: Nested = { attributes: { type: step } };
        level[step] = made;
        level = made;
      }
    }
    level[column.field.name] = column.field.type === 'address' ? addressOf(column.field.name, row) : value;
  }
  return record;
}

/** A compound value: its parts by their names without the prefix. */
function addressOf(name: string, { f }: Row): Nested {
  const prefix = name.replace(/Address$/, '');
  const part = (of: string) => f[prefix + of] ?? null;
  return {
    city: part('City'),
    country: part('Country'),
    geocodeAccuracy: null,
    latitude: null,
    longitude: null,
    postalCode: part('PostalCode'),
    state: part('State'),
    street: part('Street'),
  };
}

export function queryCalls(context: Context, shortPages: number): QueryCalls {
  const cursors = new Map<string, Cursor>();

  const pageSize = (request: ApiRequest, selected: Selected[]): number => {
    const asked = /batchSize=(\d+)/.exec(String(request.headers['sforce-query-options'] ?? ''))?.[1];
    const longTexts = selected.filter(
      ({ column: { field } }) => field.custom && field.type === 'textarea' && field.length > 255,
    );
    const most = longTexts.length >= 2 ? MIN_PAGE : MAX_PAGE;
    const size = Math.min(most, Math.max(MIN_PAGE, Number(asked ?? most)));
    return context.dice() < shortPages ? MIN_PAGE : size;
  };

  const page = (request: ApiRequest, cursor: Cursor, from: number): Reply => {
    const until = Math.min(cursor.rows.length, from + pageSize(request, cursor.selected));
    const base = apiBase(request);
    const records: Nested[] = [];
    for (let at = from; at < until; at++) {
      const row = cursor.rows[at];
      if (row) records.push(recordJson(base, cursor.object, cursor.selected, row));
    }
    context.journal.rowsRead(records.length);
    const done = until >= cursor.rows.length;
    const totals = { totalSize: cursor.rows.length, done };
    if (done) return ok({ ...totals, records });
    const id = [...cursors].find(([, one]) => one === cursor)?.[0] ?? context.org.newId('01g');
    cursors.set(id, cursor);
    return ok({ ...totals, nextRecordsUrl: `${base}/query/${id}-${until}`, records });
  };

  const answer = (request: ApiRequest, result: QueryResult): Reply => {
    if (result.kind === 'count') return ok({ totalSize: result.total, done: true, records: [] });
    if (result.kind === 'groups') {
      const records = result.records.map((record) => ({
        attributes: { type: 'AggregateResult' },
        ...record,
      }));
      return ok({ totalSize: records.length, done: true, records });
    }
    const { object, selected, rows } = result;
    return page(request, { object: object.name, selected, rows, expiresAt: request.now + LOCATOR_MS }, 0);
  };

  const query = (includeDeleted: boolean) => (request: ApiRequest) => {
    const soql = request.query.get('q');
    if (!soql) throw badRequest('MALFORMED_QUERY', 'A query string has to be specified');
    return answer(request, runSoql(context.org, soql, includeDeleted));
  };

  const more = (request: ApiRequest) => {
    const [id = '', from = ''] = (request.params.locator ?? '').split('-');
    const cursor = cursors.get(id);
    if (!cursor || cursor.expiresAt < request.now || !/^\d+$/.test(from))
      throw badRequest('INVALID_QUERY_LOCATOR', 'invalid query locator');
    return page(request, cursor, Number(from));
  };

  const at = '/services/data/:version';
  return {
    endpoints: [
      { method: 'get', path: `${at}/query`, name: 'query', kind: 'read', handle: query(false) },
      { method: 'get', path: `${at}/queryAll`, name: 'queryAll', kind: 'read', handle: query(true) },
      { method: 'get', path: `${at}/query/:locator`, name: 'queryMore', kind: 'read', handle: more },
      { method: 'get', path: `${at}/queryAll/:locator`, name: 'queryMore', kind: 'read', handle: more },
    ],
    forgetLocators: () => cursors.clear(),
  };
}
