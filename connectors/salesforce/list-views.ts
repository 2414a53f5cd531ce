import { z } from 'zod';
import { RemoteError } from '../../src/errors.ts';
import type { Context, Prepared, PrepareTarget } from '../contract.ts';
import { call, dataPath } from './client.ts';
import type { SalesforceConfig } from './config.ts';
import { isUnknownObject } from './dialect.ts';
import { developerName, titled } from './field-plan.ts';
import { type Component, createMetadata, readMetadata, updateMetadata } from './metadata-api.ts';
import { needsYou } from './needs-you.ts';
import { FieldRemote, ListViewRemote, viewsOf } from './remotes.ts';
import { query, queryMore, quote } from './soql.ts';
import { inner, textIn } from './xml.ts';

const MAX_LABEL = 40;

/** Columns by the names that list views have for standard fields; our own field comes last. */
const COLUMNS = {
  Contact: ['FULL_NAME', 'CONTACT.EMAIL', 'CONTACT.PHONE1', 'CONTACT.TITLE'],
  Lead: ['FULL_NAME', 'LEAD.COMPANY', 'LEAD.EMAIL', 'LEAD.STATUS'],
  Account: ['ACCOUNT.NAME', 'ACCOUNT.TYPE', 'ACCOUNT.INDUSTRY'],
};

type Filter = { field: string; operation: string; value: string };
type View = {
  component: Component;
  filter: Filter;
  remembered: { fullName: string; id: string } | undefined;
};
/** The view of the target's own object first, then that of leads. */
type Plan = { target: PrepareTarget; views: [View, ...View[]] };

/** List views of those who have a segment: the org works out who is in one each time somebody looks. */
export async function prepareListViews(
  context: Context<SalesforceConfig>,
  targets: PrepareTarget[],
): Promise<Prepared[]> {
  const hasLeads = await needsLeadViews(context, targets);
  const plans = new Map(targets.map((target) => [target.id, planOf(target, hasLeads)]));
  const names = [...plans.values()].flatMap((plan) => plan?.views.map(fullNameOf) ?? []);
  let existing = new Map<string, string>();
  let problem: RemoteError | null = null;
  try {
    existing = await readMetadata(context, 'ListView', names);
  } catch (error) {
    if (!isRefused(error)) throw error;
    problem = error;
  }
  const prepared: Prepared[] = [];
  for (const target of targets) {
    const plan = plans.get(target.id);
    if (!plan) prepared.push(needsYou(target, ...NO_FIELD));
    else if (problem) prepared.push(needsYou(target, problem.message, MEND));
    else prepared.push(await prepareViews(context, plan, existing));
  }
  return prepared;
}

const NO_FIELD: [string, string] = [
  'A list view filters on the field of its segmentation, which is not there yet.',
  'Release the field first.',
];
const MEND =
  'Give the connected user the rights to the Metadata API and public list views, or leave the views out.';

const isRefused = (error: unknown): error is RemoteError =>
  error instanceof RemoteError && !error.retryable && !error.outcomeUnknown;

const fullNameOf = ({ component }: View) => component.content.fullName;

/** Leads have the field where it was made on them; a view of them is of use where the org has some. */
async function needsLeadViews(
  context: Context<SalesforceConfig>,
  targets: PrepareTarget[],
): Promise<boolean> {
  const isOnLeads = ({ object, property }: PrepareTarget) =>
    object === 'contact' && FieldRemote.safeParse(property).data?.ids.Lead !== undefined;
  if (!targets.some(isOnLeads)) return false;
  try {
    return (await query(context, 'SELECT Id FROM Lead WHERE IsConverted = false LIMIT 1')).rows.length > 0;
  } catch (error) {
    if (isUnknownObject(error)) return false;
    throw error;
  }
}

function planOf(target: PrepareTarget, hasLeads: boolean): Plan | null {
  const field = FieldRemote.safeParse(target.property);
  const [segment] = target.segments;
  if (!field.success || segment === undefined) return null;
  const { property, type, ids } = field.data;
  const operation = type === 'MultiselectPicklist' ? 'includes' : 'equals';
  const filter = { field: property, operation, value: segment.key };
  const known = ListViewRemote.safeParse(target.remote).data;
  const name = developerName(`${titled(target.segmentation.key)}_${titled(segment.key)}`);
  const view = (sobject: keyof typeof COLUMNS, remembered: View['remembered']): View => {
    const content = {
      fullName: remembered?.fullName ?? `${sobject}.${name}`,
      columns: [...COLUMNS[sobject], property],
      filterScope: 'Everything',
      filters: [filter],
      label: `${target.segmentation.name}: ${segment.name}`.slice(0, MAX_LABEL),
    };
    return { filter, remembered, component: { type: 'ListView', content } };
  };
  if (target.object === 'company') return { target, views: [view('Account', known)] };
  // One that was made stays looked after when the last lead is converted.
  const isOfLeads = ids.Lead !== undefined && (hasLeads || known?.leads !== undefined);
  return {
    target,
    views: [view('Contact', known), ...(isOfLeads ? [view('Lead', known?.leads)] : [])],
  };
}

async function prepareViews(
  context: Context<SalesforceConfig>,
  { target, views }: Plan,
  existing: Map<string, string>,
): Promise<Prepared> {
  const made: { fullName: string; id: string }[] = [];
  for (const view of views) {
    const one = await prepareView(context, target, view, existing.get(fullNameOf(view)));
    if ('state' in one) return one;
    made.push(one);
  }
  const [main, leads] = made;
  if (main === undefined) throw new TypeError('A target has a list view.');
  const remote: ListViewRemote = { kind: 'list_view', ...main, ...(leads && { leads }) };
  return { id: target.id, state: 'ready', remote };
}

async function prepareView(
  context: Context<SalesforceConfig>,
  target: PrepareTarget,
  { component, filter, remembered }: View,
  existing: string | undefined,
): Promise<Prepared | { fullName: string; id: string }> {
  const { fullName } = component.content;
  let isNew = false;
  try {
    if (existing === undefined) {
      if (!target.mayCreate) return notAllowed(target);
      await createMetadata(context, component);
      isNew = true;
    } else if (!showsSegment(existing, filter)) {
      if (remembered === undefined) return foreign(target, fullName);
      await updateMetadata(context, component);
    }
  } catch (error) {
    if (!isRefused(error)) throw error;
    return needsYou(target, error.message, MEND);
  }
  // One that was deleted and made again has another id.
  const id = isNew || remembered === undefined ? await idOf(context, fullName) : remembered.id;
  return { fullName, id };
}

/** Does the view show this segment, whatever columns people have added? */
function showsSegment(view: string, filter: Filter): boolean {
  return inner(view, 'filters').some(
    (each) =>
      textIn(each, 'field') === filter.field &&
      textIn(each, 'operation') === filter.operation &&
      textIn(each, 'value') === filter.value,
  );
}

const notAllowed = (target: PrepareTarget) =>
  needsYou(
    target,
    'Salesforce has no list view for this segment, and Segment Sync was not allowed to make it.',
    'Allow Segment Sync to make list views under Connections.',
  );

const foreign = (target: PrepareTarget, fullName: string) =>
  needsYou(
    target,
    `Salesforce already has a list view ${fullName} that Segment Sync did not make. It stays as it is.`,
    'Rename or delete that list view.',
  );

async function idOf(context: Context<SalesforceConfig>, fullName: string): Promise<string> {
  const [sobject = '', name = ''] = fullName.split('.');
  const soql = `SELECT Id FROM ListView WHERE SobjectType = ${quote(sobject)} AND DeveloperName = ${quote(name)}`;
  const id = (await query(context, soql, { expectsRows: true })).rows[0]?.('Id');
  if (typeof id === 'string') return id;
  throw new RemoteError(
    'no_list_view',
    `Salesforce does not show the list view ${fullName} that was just made.`,
    {
      status: 404,
      retryable: true,
      action: 'Nothing to do: we look again.',
    },
  );
}

const Described = z.object({ query: z.string() });

/** Ids that the list views of a target show, page by page. */
export async function* membersOfListView(
  context: Context<SalesforceConfig>,
  remote: ListViewRemote,
): AsyncGenerator<string[], void, void> {
  for (const { fullName, id } of viewsOf(remote)) {
    const [sobject = ''] = fullName.split('.');
    const path = dataPath(`/sobjects/${sobject}/listviews/${id}/describe`);
    const { data } = await call(context, { method: 'GET', path }, Described);
    for (let page = await query(context, data.query); ; page = await queryMore(context, page.next)) {
      yield page.rows.map((row) => String(row('Id')));
      if (page.next === null) break;
    }
  }
}
