import type { Context, DealNames } from '../contract.ts';
import type { SalesforceConfig } from './config.ts';
import { schemaOf } from './schema.ts';

/** Record types are held by id or developer name. Stages and types are picklists, whose values are their names. */
export async function dealNamesOfSalesforce(context: Context<SalesforceConfig>): Promise<DealNames> {
  const recordTypes = (await schemaOf(context, 'Opportunity'))?.recordTypeInfos ?? [];
  const pipelines = recordTypes
    .filter(({ master }) => !master)
    .flatMap(({ name, developerName, recordTypeId }) => [
      [developerName, name],
      [recordTypeId, name],
    ]);
  return { pipelines: Object.fromEntries(pipelines), stages: {}, dealTypes: {} };
}
