import type { Context, Json, TargetKind } from '../contract.ts';
import { membersOfCampaign } from './campaigns.ts';
import type { SalesforceConfig } from './config.ts';
import { membersOfListView } from './list-views.ts';
import { CampaignRemote, ListViewRemote } from './remotes.ts';

/** Ids of the records in a campaign or list view, page by page. */
export async function* membersOfSalesforce(
  context: Context<SalesforceConfig>,
  target: { kind: TargetKind; remote: Json },
): AsyncGenerator<string[], void, void> {
  if (target.kind === 'campaign') yield* membersOfCampaign(context, CampaignRemote.parse(target.remote));
  else yield* membersOfListView(context, ListViewRemote.parse(target.remote));
}
