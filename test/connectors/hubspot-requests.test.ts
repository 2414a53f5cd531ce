import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { PrepareTarget, PullMode, Write } from '../../connectors/contract.ts';
import hubspot from '../../connectors/hubspot/index.ts';
import { departures, operationOf, readDocument } from '../sandbox/hubspot/openapi-shape.ts';
import { sharedFolder } from '../shared.ts';
import { labelTarget } from './conformance-rig.ts';
import { type HubSpotRig, hubspotRig, seedOf } from './hubspot-rig.ts';

const specs = sharedFolder('specs/hubspot');

type Sent = { method: string; path: string; query: URLSearchParams; body: unknown };

/** Which file describes a dated path, and how the path is written there. */
const FILES: [prefix: RegExp, numbered: string, file: string][] = [
  [/^\/crm\/objects\/2026-03/, '/crm/v3/objects', 'objects.v3.json'],
  [/^\/crm\/properties\/2026-03/, '/crm/v3/properties', 'properties.v3.json'],
  [/^\/crm\/lists\/2026-03/, '/crm/v3/lists', 'lists.v3.json'],
  [/^\/crm\/associations\/2026-03/, '/crm/v4/associations', 'associations.v4.json'],
  [/^\/crm\/owners\/2026-03/, '/crm/v3/owners', 'owners.v3.json'],
  [/^\/crm\/pipelines\/2026-03/, '/crm/v3/pipelines', 'pipelines.v3.json'],
];

/** Paths that no file describes; their shapes are HubSpot's pages'. */
const UNDESCRIBED = [
  'GET /account-info/2026-03/details',
  'GET /crm/limits/2026-03/custom-properties',
  'DELETE /appinstalls/2026-03/external-install',
];

const rigs: HubSpotRig[] = [];
afterEach(async () => {
  await Promise.all(rigs.splice(0).map((rig) => rig.stop()));
});

/** Everything that the connector asks HubSpot for, one time at least. */
async function everyCall(): Promise<Sent[]> {
  const owners = [{ ref: '501', email: 'rep@example.com', name: 'Rep One' }];
  const rig = await hubspotRig(
    { ...seedOf({ contacts: 6, companies: 2, deals: 3 }), owners },
    { lifted: true },
  );
  rigs.push(rig);
  const sent: Sent[] = [];
  const context = rig.context({
    fetch: (input, init) => {
      const { pathname, searchParams } = new URL(String(input));
      const body: unknown = init?.body === undefined ? undefined : JSON.parse(String(init.body));
      sent.push({ method: init?.method ?? 'GET', path: pathname, query: searchParams, body });
      return fetch(input, init);
    },
  });
  const segments = [{ key: 'gold', name: 'Gold' }];
  const targets = (['property', 'changed_at', 'why', 'dynamic_list', 'manual_list'] as const).map((kind) =>
    labelTarget(kind, { id: kind, segments }),
  );
  const prepare = (wanted: PrepareTarget[]) => hubspot.prepare(context, wanted);
  await hubspot.check(context, { properties: [], write: true, tasks: true });
  for (const object of hubspot.objects) {
    await hubspot.discover(context, object);
    await hubspot.size(context, object);
    const [id = ''] = rig.ids(object);
    const ids = [id, '404'].map((each) => ({ id: each, kind: object }));
    for (const mode of ['full', 'changes', 'deleted', 'links', 'ids'] satisfies PullMode[]) {
      const request = {
        object,
        mode,
        cursor: null,
        properties: ['createdate'],
        ...(mode === 'ids' && { ids }),
      };
      for await (const _page of hubspot.pull(context, request));
    }
  }
  const prepared = await prepare(targets);
  // Another segment: options, a filter and the description of the property are changed.
  const more = [...segments, { key: 'silver', name: 'Silver' }];
  await prepare(targets.slice(0, 1).map((target) => ({ ...target, segments: more })));
  const dynamic = targets.slice(3, 4).map((target) => {
    const { remote = null } = prepared.find(({ id }) => id === target.id) ?? {};
    return { ...target, remote, segments: more.slice(1) };
  });
  await prepare(dynamic);
  const [id = ''] = rig.ids('contact');
  const remotes = Object.fromEntries(prepared.map(({ id: target, remote }) => [target, remote]));
  const membership: Write = {
    kind: 'membership',
    object: 'contact',
    id,
    recordKind: 'contact',
    targetId: 'manual_list',
    member: true,
  };
  const values = { property: 'gold', changed_at: '2026-11-21T10:00:00.000Z', why: null };
  const labels: Write = { kind: 'properties', object: 'contact', id, recordKind: 'contact', values };
  for (const write of [labels, membership])
    await hubspot.push(context, { writes: [write], remotes, job: null });
  for await (const _page of hubspot.members(context, { remote: remotes.manual_list ?? null }));
  await hubspot.task(context, {
    object: 'contact',
    recordId: id,
    ownerId: '501',
    subject: 'Call',
    body: 'Because [mark]',
    dueAt: new Date('2026-11-25T09:00:00Z'),
    dueOn: '2026-11-25',
    marker: '[mark]',
    mayExist: true,
  });
  await hubspot.owners(context);
  await hubspot.dealNames(context);
  await hubspot.currencies(context);
  const remote = (kind: PrepareTarget['kind']) => ({
    kind,
    object: 'contact' as const,
    remote: remotes[kind] ?? null,
  });
  await hubspot.uninstall(context, { keep: 'nothing', remotes: hubspot.targets.map(remote) });
  return sent;
}

/** How a call departs from what is described; the same for dated and numbered paths. */
function wrongWith({ method, path, query, body }: Sent): string[] {
  const found = FILES.find(([prefix]) => prefix.test(path));
  if (!found)
    return UNDESCRIBED.includes(`${method} ${path}`) ? [] : [`${method} ${path} is described nowhere`];
  const [prefix, numbered, file] = found;
  const document = readDocument(`${specs}/${file}`);
  const operation = operationOf(document, method, path.replace(prefix, numbered));
  if (!operation) return [`${method} ${path} is not in ${file}`];
  const known = operation.parameters.filter((each) => each.in === 'query').map(({ name }) => name);
  const unknown = [...query.keys()].filter((name) => !known.includes(name));
  const schema = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  const call = `${method} ${path}`;
  return [
    ...unknown.map((name) => `${call} has no query parameter ${name}`),
    ...((body === undefined) === (schema === undefined) ? [] : [`${call} has a body, or should have one`]),
    ...departures(document, schema, body)
      .filter(isReal)
      .map((each) => `${call}: ${each}`),
    ...filterDepartures(body).map((each) => `${call}: ${each}`),
  ];
}

/**
 * The generated client says that sorts are text; as text they are ignored, and HubSpot's own pages show objects
 * (github.com/HubSpot/hubspot-api-ruby/issues/257, seen 2026-11).
 */
const isReal = (departure: string): boolean => !/\.sorts\[\d+\] is object, not a string/.test(departure);

const Named = z.looseObject({ filterBranch: z.unknown() });
const Branch = z.looseObject({
  filterBranchType: z.string(),
  filterBranches: z.array(z.unknown()),
  filters: z.array(z.looseObject({ operation: z.looseObject({ operationType: z.string() }) })),
});
const SCHEMAS: Record<string, string> = {
  OR: 'PublicOrFilterBranch',
  AND: 'PublicAndFilterBranch',
  ENUMERATION: 'PublicEnumerationPropertyOperation',
  BOOL: 'PublicBoolPropertyOperation',
};

/** A list's filter is a union that the files leave open: each part is held against the schema that it names. */
function filterDepartures(body: unknown): string[] {
  const named = Named.safeParse(body);
  if (!named.success || named.data.filterBranch === undefined) return [];
  const document = readDocument(`${specs}/lists.v3.json`);
  const against = (name: string | undefined, value: unknown) =>
    name === undefined
      ? ['a part of the filter is of no known kind']
      : departures(document, { $ref: `#/components/schemas/${name}` }, value);
  const branchDepartures = (value: unknown): string[] => {
    const branch = Branch.parse(value);
    return [
      ...against(SCHEMAS[branch.filterBranchType], value),
      ...branch.filters.flatMap((filter) => [
        ...against('PublicPropertyFilter', filter),
        ...against(SCHEMAS[filter.operation.operationType], filter.operation),
      ]),
      ...branch.filterBranches.flatMap(branchDepartures),
    ];
  };
  return branchDepartures(named.data.filterBranch);
}

describe.skipIf(specs === undefined)('what is sent to HubSpot', () => {
  it('has the paths, parameters and bodies of the specification', async () => {
    const sent = await everyCall();
    expect([...new Set(sent.flatMap(wrongWith))]).toEqual([]);
    const kinds = new Set(
      sent.map(({ method, path }) => `${method} ${path.replaceAll(/\d{3,}$|\/\d+/g, '')}`),
    );
    expect(kinds.size).toBeGreaterThan(35);
  });

  it('is seen where it departs', () => {
    const path = '/crm/objects/2026-03/contacts/batch/read';
    const body = { inputs: [{ id: 5 }], properties: [] };
    expect(wrongWith({ method: 'POST', path, query: new URLSearchParams('page=2'), body })).toEqual([
      `POST ${path} has no query parameter page`,
      `POST ${path}: $.propertiesWithHistory is missing`,
      `POST ${path}: $.inputs[0].id is number, not a string`,
    ]);
  });
});
