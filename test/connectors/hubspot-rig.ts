import { afterEach } from 'vitest';
import { z } from 'zod';
import { MemoryPace, memoryContext } from '../../connectors/context.ts';
import type { Budget } from '../../connectors/contract.ts';
import type { HubSpotConfig } from '../../connectors/hubspot/config.ts';
import hubspot from '../../connectors/hubspot/index.ts';
import { PropertyRemote } from '../../connectors/hubspot/remotes.ts';
import { type HubspotOptions, type HubspotSandbox, startHubspot } from '../../sandbox/hubspot/index.ts';
import type { CrmSeed, SeedRow } from '../../sandbox/seed.ts';
import type { ObjectType } from '../../src/model/record.ts';
import type { Rig, RigSeed } from './conformance-rig.ts';

const PROPERTY = { contact: 'lastname', company: 'name', deal: 'dealname' } as const;

export const seedOf = ({ contacts, companies, deals, sameTime }: RigSeed): CrmSeed => {
  const first = Date.parse('2024-01-01T00:00:00.000Z');
  const at = (index: number) => sameTime ?? new Date(first + index * 60_000).toISOString();
  const rows = (count: number, from: number, properties: (n: number) => SeedRow['properties']): SeedRow[] =>
    Array.from({ length: count }, (_, index) => ({
      ref: String(from + index),
      properties: properties(index),
      createdAt: '2023-01-01T00:00:00.000Z',
      updatedAt: at(index),
    }));
  const companyOf = (index: number) => ({
    to: 'company' as const,
    ref: String(5_000_001 + (index % companies)),
  });
  return {
    contacts: rows(contacts, 1_001, (n) => ({ email: `p${n}@example.com`, lastname: `Person ${n}` })).map(
      (row, index) => ({ ...row, links: [companyOf(index)] }),
    ),
    companies: rows(companies, 5_000_001, (n) => ({ name: `Company ${n}` })),
    deals: rows(deals, 7_000_001, (n) => ({ dealname: `Deal ${n}`, amount: 100 })).map((row, index) => ({
      ...row,
      links: [{ to: 'contact' as const, ref: String(1_001 + index) }, companyOf(index)],
    })),
    leads: [],
    owners: [],
    pipelines: [],
    properties: [],
  };
};

const NO_LIMIT = { permits: 1_000_000, windowMs: 1_000, scope: 'account' } satisfies Budget;

/** A fetch that changes the answers to calls of paths that match, as only a real account would give them. */
export const answering =
  (match: RegExp, change: (json: z.infer<typeof Answer>) => unknown): typeof fetch =>
  async (input, init) => {
    const response = await fetch(input, init);
    if (!match.test(new URL(String(input)).pathname) || !response.ok) return response;
    const json = JSON.stringify(change(Answer.parse(await response.json())));
    return new Response(json, { status: response.status, headers: response.headers });
  };
const Answer = z.looseObject({ results: z.array(z.looseObject({})).default([]) });

export type HubSpotRig = Omit<Rig, 'context'> & {
  crm: HubspotSandbox;
  context(options?: {
    signal?: AbortSignal;
    fetch?: typeof fetch;
  }): ReturnType<typeof memoryContext<HubSpotConfig>>;
};

/** A HubSpot sandbox with our connector on it. `lifted`: no limits on either side, for what needs many calls. */
export const hubspotRig = async (
  seed: CrmSeed,
  options: HubspotOptions & { lifted?: boolean } = {},
): Promise<HubSpotRig> => {
  const { lifted = false, ...given } = options;
  const none = { perTenSeconds: Number.POSITIVE_INFINITY, searchPerSecond: Number.POSITIVE_INFINITY };
  const crm = await startHubspot({ seed, ...(lifted && { limits: none }), ...given });
  const { admin, app, url } = crm;
  const issued = crm.issueInstall();
  const pace = new MemoryPace(lifted ? { general: NO_LIMIT, search: NO_LIMIT } : hubspot.budgets);
  const now = () => new Date(crm.clock.now());
  const expiresAt = new Date(now().getTime() + issued.expiresIn * 1_000).toISOString();
  const secret = {
    accessToken: issued.accessToken,
    refreshToken: issued.refreshToken,
    expiresAt,
    apiUrl: url,
  };
  const liveIds = (object: ObjectType) =>
    admin.allRecords(object).flatMap((record) => (record.archived ? [] : [record.id]));
  return {
    crm,
    connector: hubspot,
    property: PROPERTY,
    context: (more = {}) =>
      memoryContext({
        connector: hubspot,
        config: { apiUrl: url },
        app,
        secret,
        now,
        pace,
        ...more,
      }),
    ids: liveIds,
    edit: (object, id, value) => admin.setProperties(object, id, { [PROPERTY[object]]: value }),
    create: (object, value) => admin.createRecord(object, { [PROPERTY[object]]: value }),
    remove: (object, id) => admin.archive(object, id),
    relink: (id) => {
      const [before = ''] = admin.record('contact', id)?.companies ?? [];
      const toId = liveIds('company').find((company) => company !== before) ?? '';
      admin.dissociate('contact', id, 'company', before);
      admin.associate('contact', id, 'company', toId);
      return { object: 'contact', to: 'company', toId };
    },
    merge: (object, primary, other) => admin.merge(object, primary, other),
    shown: (remote, object, id) =>
      admin.record(object, id)?.properties[PropertyRemote.parse(remote).property] ?? null,
    foreign: {
      make: async ({ segmentation }) => {
        const response = await fetch(`${url}/crm/properties/2026-03/contacts`, {
          method: 'POST',
          headers: { authorization: `Bearer ${secret.accessToken}`, 'content-type': 'application/json' },
          body: JSON.stringify({
            name: `segment_sync_${segmentation.key}`,
            label: 'Made by hand',
            type: 'enumeration',
            fieldType: 'select',
            groupName: 'contactinformation',
            options: [{ value: 'own', label: 'Own', hidden: false }],
          }),
        });
        if (!response.ok) throw new Error(await response.text());
      },
      read: ({ segmentation }) =>
        admin.properties('contact').find(({ name }) => name === `segment_sync_${segmentation.key}`),
    },
    faults: (plan) => crm.faults.replace(plan),
    advance: (ms) => crm.clock.advance(ms),
    writes: () => crm.journal.totals().writes,
    broken: () => ({ rules: crm.journal.totals().broken, throttled: crm.journal.totals().throttled }),
    stop: () => crm.stop(),
  };
};

/** Starts portals for the tests of a file; each is stopped after its test. */
export function hubspotRigs(size: RigSeed) {
  const open: HubSpotRig[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((rig) => rig.stop()));
  });
  return async (options: Parameters<typeof hubspotRig>[1] = {}, seed = options.seed ?? seedOf(size)) => {
    const rig = await hubspotRig(seed, options);
    open.push(rig);
    return { ...rig, admin: rig.crm.admin };
  };
}
