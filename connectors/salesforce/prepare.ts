import type { Context, Prepared, PrepareTarget } from '../contract.ts';
import { prepareCampaign } from './campaigns.ts';
import type { SalesforceConfig } from './config.ts';
import { prepareFields } from './custom-fields.ts';
import { wantedOf } from './field-plan.ts';
import { prepareListViews } from './list-views.ts';

/**
 * Makes sure that each target is there: what is missing is made, if allowed, or handed over as files to deploy; values
 * are added and switched off, never taken away; a field of the same name that is not ours is left alone and needs a
 * person. Nothing is written where nothing is to be changed.
 */
export async function prepareSalesforce(
  context: Context<SalesforceConfig>,
  targets: PrepareTarget[],
): Promise<Prepared[]> {
  const of = (kind: PrepareTarget['kind']) => targets.filter((target) => target.kind === kind);
  const others = new Set<PrepareTarget>([...of('list_view'), ...of('campaign')]);
  const fields = targets.filter((target) => !others.has(target)).map(wantedOf);
  // List views filter on fields, so these come first.
  const answers = await prepareFields(context, fields);
  answers.push(...(await prepareListViews(context, of('list_view'))));
  for (const target of of('campaign')) answers.push(await prepareCampaign(context, target));
  const prepared = new Map(answers.map((answer) => [answer.id, answer]));
  return targets.flatMap(({ id }) => prepared.get(id) ?? []);
}
