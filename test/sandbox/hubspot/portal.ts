import { Client } from '@hubspot/api-client';
import { onTestFinished } from 'vitest';
import { type HubspotOptions, startHubspot } from '../../../sandbox/hubspot/index.ts';
import { smallCompany } from './seed.ts';

/** biome-ignore lint/suspicious/noExplicitAny: replies are looked into freely by the tests. */
export type Json = any;

/** A portal of its own for one test, with HubSpot's own client connected to it. */
export const portal = async (options: HubspotOptions = {}) => {
  const hub = await startHubspot({ seed: smallCompany(), ...options });
  onTestFinished(() => hub.stop());
  const { accessToken, refreshToken } = hub.issueInstall();
  const client = new Client({ accessToken, basePath: hub.url, numberOfApiCallRetries: 0 });
  const call = async (
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; headers: Headers; body: Json }> => {
    const response = await client.apiRequest({ method, path, ...(body !== undefined && { body }) });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
  };
  const id = (ref: string, type: 'contact' | 'company' | 'deal' = 'contact') =>
    hub.admin.idOf(type, ref) ?? ref;
  return { hub, client, call, id, accessToken, refreshToken };
};

export const CONTACTS = '/crm/objects/2026-03/contacts';

/** Rules of HubSpot that its clients have broken so far, with how often. */
export const brokenRules = (hub: { journal: { totals(): { rules: Record<string, number> } } }) =>
  hub.journal.totals().rules;
