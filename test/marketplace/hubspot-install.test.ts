import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { memoryContext } from '../../connectors/context.ts';
import type { PrepareTarget, Write } from '../../connectors/contract.ts';
import hubspot from '../../connectors/hubspot/index.ts';
import { type HubspotSandbox, startHubspot } from '../../sandbox/hubspot/index.ts';
import { ObjectType } from '../../src/model/record.ts';
import { labelTarget } from '../connectors/conformance-rig.ts';
import { seedOf } from '../connectors/hubspot-rig.ts';

const Auth = z.object({
  redirectUrls: z.array(z.string()).min(1),
  requiredScopes: z.array(z.string()),
  optionalScopes: z.array(z.string()),
});
const AppFile = z.object({ config: z.object({ auth: Auth }) });

/**
 * Which right a call needs, as HubSpot's reference has it for each path. A call that is only a probe with an empty
 * body is no use of a right.
 * https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/scopes
 */
function rightOf(method: string, path: string): string | undefined {
  const rest = path.replace('/2026-03', '');
  if (/^\/(account-info|appinstalls|crm\/limits)\//.test(rest)) return 'oauth';
  if (/^\/crm\/owners\b/.test(rest)) return 'crm.objects.owners.read';
  const list = /^\/crm\/lists(\/|$)/.test(rest);
  if (list) return method === 'GET' || rest.endsWith('/search') ? 'crm.lists.read' : 'crm.lists.write';
  const found = /^\/crm\/(objects|properties|associations)\/(contacts|companies|deals)(\/.*)?$/.exec(rest);
  if (found === null) return undefined;
  const [, kind, object, action = ''] = found;
  const isReading = method === 'GET' || /\/(search|batch\/read)$/.test(action);
  const family = kind === 'properties' ? 'schemas' : 'objects';
  return `crm.${family}.${object}.${isReading ? 'read' : 'write'}`;
}

let crm: HubspotSandbox;
let auth: z.infer<typeof Auth>;
beforeAll(async () => {
  const text = await readFile('marketplace/hubspot/src/app/app-hsmeta.json', 'utf8');
  auth = AppFile.parse(JSON.parse(text)).config.auth;
  crm = await startHubspot({ seed: seedOf({ contacts: 6, companies: 2, deals: 3 }) });
});
afterAll(() => crm.stop());

/** Installs the app as the project's file says, and hands back a context that notes its calls. */
async function install() {
  const config = { apiUrl: crm.url };
  const [redirectUri = ''] = auth.redirectUrls;
  const address = hubspot.authorize.url(crm.app, { config, redirectUri, state: 's', challenge: 'c' });
  const back = await fetch(address, { redirect: 'manual' });
  const location = new URL(back.headers.get('location') ?? '');
  const signal = new AbortController().signal;
  const secret = await hubspot.authorize.exchange(crm.app, {
    config,
    code: location.searchParams.get('code') ?? '',
    redirectUri,
    verifier: 'v',
    fetch,
    signal,
    now: new Date(),
  });
  const calls: { method: string; path: string; status: number }[] = [];
  const noting: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    const { method, url } = new Request(input, init);
    calls.push({ method, path: new URL(url).pathname, status: response.status });
    return response;
  };
  const context = memoryContext({ connector: hubspot, config, app: crm.app, secret, fetch: noting });
  return { address: new URL(address), location, context, calls };
}

/** Everything that the connector does for its targets on contacts and companies, and then leaves. */
async function useAndLeave({ context }: Awaited<ReturnType<typeof install>>): Promise<void> {
  for (const object of ObjectType.options) {
    await hubspot.discover(context, object);
    for (const mode of ['full', 'changes', 'deleted', 'links'] as const) {
      for await (const _ of hubspot.pull(context, { object, mode, properties: [], cursor: null })) break;
    }
  }
  const gold = { segments: [{ key: 'gold', name: 'Gold' }] };
  const targets: PrepareTarget[] = [
    labelTarget('property', { id: 'contact' }),
    labelTarget('property', { id: 'company', object: 'company' }),
    labelTarget('dynamic_list', { id: 'dynamic', ...gold }),
    labelTarget('manual_list', { id: 'manual', ...gold }),
  ];
  const prepared = await hubspot.prepare(context, targets);
  expect(prepared.map(({ state }) => state)).toEqual(['ready', 'ready', 'ready', 'ready']);
  const remotes = Object.fromEntries(prepared.map(({ id, remote }) => [id, remote]));
  const idOf = (object: ObjectType) => crm.admin.allRecords(object)[0]?.id ?? '';
  const labelled = (object: 'contact' | 'company'): Write => ({
    kind: 'properties',
    object,
    id: idOf(object),
    recordKind: object,
    values: { [object]: 'gold' },
  });
  const member: Write = {
    kind: 'membership',
    object: 'contact',
    id: idOf('contact'),
    recordKind: 'contact',
    targetId: 'manual',
    member: true,
  };
  for (const writes of [[labelled('contact'), labelled('company')], [member]]) {
    const answer = await hubspot.push(context, { writes, remotes, job: null });
    expect(answer).toMatchObject({ outcomes: writes.map(() => ({ state: 'done' })) });
  }
  expect(await hubspot.owners(context)).toEqual(expect.any(Array));
  const made = targets.map(({ id, kind, object }) => ({ kind, object, remote: remotes[id] ?? null }));
  const { done, stays } = await hubspot.uninstall(context, { keep: 'nothing', remotes: made });
  expect(done.at(-1)).toBe('app removed from the account');
  expect(stays).toEqual([]);
}

describe('an account that installs the app as the project has it', () => {
  it('is asked for just the rights and sent back to just the address that the project names', async () => {
    const { address, location } = await install();
    const asked = (name: string) => (address.searchParams.get(name) ?? '').split(' ');
    // HubSpot refuses an install whose address leaves a required right out, or names another.
    expect(asked('scope')).toEqual(auth.requiredScopes);
    expect(asked('optional_scope')).toEqual(auth.optionalScopes);
    expect(location.origin + location.pathname).toBe(auth.redirectUrls[0]);
  });

  it('is read, labelled and left with no right missing and none unused', async () => {
    const installed = await install();
    await useAndLeave(installed);
    expect(installed.calls.filter(({ status }) => status === 401 || status === 403)).toEqual([]);
    const used = new Set<string>();
    for (const { method, path, status } of installed.calls) {
      const right = rightOf(method, path);
      expect(right, `${method} ${path} is in no line of the table`).toBeDefined();
      // A call that HubSpot turned down did not use its right.
      if (status < 400) used.add(right ?? '');
    }
    expect([...used].sort()).toEqual([...auth.requiredScopes, ...auth.optionalScopes].sort());
    expect(crm.journal.totals().broken).toEqual([]);
  });

  it('passes the preflight', async () => {
    const { context } = await install();
    const items = await hubspot.check(context, { properties: [], write: true });
    expect(items.filter(({ ok }) => !ok)).toEqual([]);
  });
});
