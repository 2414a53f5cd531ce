import { z } from 'zod';
import type { Context, DealNames } from '../contract.ts';
import { API_VERSION, call } from './client.ts';
import type { HubSpotConfig } from './config.ts';
import { readProperty } from './properties.ts';

const Named = z.object({ id: z.string(), label: z.string() });
const Pipelines = z.object({ results: z.array(Named.extend({ stages: z.array(Named) })) });

/** Deals hold ids of pipelines and stages, and internal names of types; needs the right to read deals alone. */
export async function dealNamesOfHubSpot(context: Context<HubSpotConfig>): Promise<DealNames> {
  const path = `/crm/pipelines/${API_VERSION}/deals`;
  const { results } = (await call(context, { method: 'GET', path }, Pipelines)).data;
  const types = await readProperty(context, 'deal', 'dealtype');
  return {
    pipelines: Object.fromEntries(results.map(({ id, label }) => [id, label])),
    stages: Object.fromEntries(results.flatMap(({ stages }) => stages.map(({ id, label }) => [id, label]))),
    dealTypes: Object.fromEntries((types?.options ?? []).map(({ value, label }) => [value, label])),
  };
}
