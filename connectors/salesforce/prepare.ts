import type { Context, Prepared, PrepareTarget } from '../contract.ts';
import { prepareCampaign } from './campaigns.ts';
import type { SalesforceConfig } from './config.ts';
import { prepareFields } from './custom-fields.ts';
import { wantedOf } from './field-plan.ts';
import { prepareListView } from './list-views.ts';

/**
 * Makes sure that each target is there: what is missing is made, if allowed, or handed over as files to deploy; values
 * are added and switched off, never taken away; a field of the same name that is not ours is left alone and needs a
 * person. Nothing is written where nothing is to be changed.
 */
export async function prepareSalesforce(
  context: Context<SalesforceConfig>,
  targets: PrepareTarget[],
): Promise<Prepared[]> {
  const isOther = ({ kind }: PrepareTarget) => kind === 'list_view' || kind === 'campaign';
  const fields = targets.filter((target) => !isOther(target)).map(wantedOf);
  // List views filter on fields, so these come first.
  const prepared = new Map((await prepareFields(context, fields)).map((each) => [each.id, each]));
  for (const target of targets.filter(isOther)) {
    const one =
      target.kind === 'campaign'
        ? await prepareCampaign(context, target)
        : await prepareListView(context, target);
    prepared.set(target.id, one);
  }
  return targets.flatMap(({ id }) => prepared.get(id) ?? []);
}
