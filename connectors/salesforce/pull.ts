import type { Context, Page, PullRequest } from '../contract.ts';
import type { SalesforceConfig } from './config.ts';
import { pullChanged } from './pull-changed.ts';
import { pullDeleted } from './pull-deleted.ts';
import { pullFull } from './pull-full.ts';
import { pullIds } from './pull-ids.ts';

/** Reads records of one object; see PullMode for what each mode gives. */
export async function* pullSalesforce(
  context: Context<SalesforceConfig>,
  request: PullRequest,
): AsyncGenerator<Page, void, void> {
  if (request.mode === 'ids') yield await pullIds(context, request);
  else if (request.mode === 'changes') yield* pullChanged(context, request);
  else if (request.mode === 'deleted') yield* pullDeleted(context, request);
  else yield* pullFull(context, request);
}
