import type { ApiRequest, Reply } from '../http.ts';
import { apiBase, type Context, ok, type SalesforceEndpoint } from './context.ts';
import type { ListViews } from './list-views.ts';
import { recordJson } from './query-calls.ts';
import { runSoql } from './soql.ts';

/** List views over REST: readable there, made through metadata. */
export function listViewCalls(context: Context, listViews: ListViews): SalesforceEndpoint[] {
  const { org } = context;

  const list = (request: ApiRequest): Reply => {
    const { name } = org.object(request.params.sobject ?? '');
    const rows = [...org.table('ListView').where('SobjectType', name)];
    const base = `${apiBase(request)}/sobjects/${name}/listviews`;
    const listviews = rows.map((row) => ({
      id: row.id,
      label: row.f.Name,
      developerName: row.f.DeveloperName,
      soqlCompatible: true,
      describeUrl: `${base}/${row.id}/describe`,
      resultsUrl: `${base}/${row.id}/results`,
      url: `${base}/${row.id}`,
    }));
    return ok({ done: true, listviews, nextRecordsUrl: null, size: listviews.length, sobjectType: name });
  };
  const describe = (request: ApiRequest): Reply => {
    const id = request.params.id ?? '';
    return ok({
      id,
      sobjectType: org.object(request.params.sobject ?? '').name,
      query: listViews.soql(id),
      columns: [],
      orderBy: [],
      scope: 'everything',
    });
  };
  const results = (request: ApiRequest): Reply => {
    const result = runSoql(org, listViews.soql(request.params.id ?? ''), false);
    if (result.kind !== 'rows') return ok({ done: true, records: [], size: 0 });
    const offset = Number(request.query.get('offset') ?? 0);
    const limit = Math.min(2000, Number(request.query.get('limit') ?? 25));
    const rows = result.rows.slice(offset, offset + limit);
    context.journal.rowsRead(rows.length);
    const records = rows.map((row) => {
      const record = recordJson(apiBase(request), result.object.name, result.selected, row);
      const columns = Object.entries(record).filter(([name]) => name !== 'attributes');
      return {
        columns: columns.map(([fieldNameOrPath, value]) => ({
          fieldNameOrPath,
          value: value === null ? null : String(value),
        })),
      };
    });
    return ok({
      columns: [],
      developerName: null,
      done: offset + limit >= result.rows.length,
      id: request.params.id,
      label: null,
      records,
      size: records.length,
    });
  };

  const at = '/services/data/:version/sobjects/:sobject/listviews';
  return [
    { method: 'get', path: at, name: 'list views', kind: 'read', handle: list },
    { method: 'get', path: `${at}/:id/describe`, name: 'list view describe', kind: 'read', handle: describe },
    { method: 'get', path: `${at}/:id/results`, name: 'list view results', kind: 'read', handle: results },
  ];
}
