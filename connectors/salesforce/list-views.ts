import { z } from 'zod';
import { RemoteError } from '../../src/errors.ts';
import type { Context, Prepared, PrepareTarget } from '../contract.ts';
import { call, dataPath } from './client.ts';
import type { SalesforceConfig } from './config.ts';
import { developerName, titled } from './field-plan.ts';
import { type Component, createMetadata, readMetadata, updateMetadata } from './metadata-api.ts';
import { needsYou } from './needs-you.ts';
import { FieldRemote, ListViewRemote } from './remotes.ts';
import { query, queryMore, quote } from './soql.ts';
import { inner, textIn } from './xml.ts';

const MAX_LABEL = 40;

/** Columns by the names that list views have for standard fields; our own field comes last. */
const COLUMNS = {
  Contact: ['FULL_NAME', 'CONTACT.EMAIL', 'CONTACT.PHONE1', 'CONTACT.TITLE'],
  Account: ['ACCOUNT.NAME', 'ACCOUNT.TYPE', 'ACCOUNT.INDUSTRY'],
};

type Filter = { field: string; operation: string; value: string };
type Plan = {
  target: PrepareTarget;
  component: Component;
  filter: Filter;
  remembered: ListViewRemote | undefined;
};

/** List views of those who have a segment: the org works out who is in one each time somebody looks. */
export async function prepareListViews(
  context: Context<SalesforceConfig>,
  targets: PrepareTarget[],
): Promise<Prepared[]> {
  const plans = new Map(targets.map((target) => [target.id, planOf(target)]));
  const names = [...plans.values()].flatMap((plan) => plan?.component.content.fullName ?? []);
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
    else prepared.push(await prepareView(context, plan, existing.get(plan.component.content.fullName)));
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

function planOf(target: PrepareTarget): Plan | null {
  const field = FieldRemote.safeParse(target.property);
  const [segment] = target.segments;
  if (!field.success || segment === undefined) return null;
  const sobject = target.object === 'company' ? 'Account' : 'Contact';
  const { property, type } = field.data;
  const operation = type === 'MultiselectPicklist' ? 'includes' : 'equals';
  const filter = { field: property, operation, value: segment.key };
  const remembered = ListViewRemote.safeParse(target.remote).data;
  const name = developerName(`${titled(target.segmentation.key)}_${titled(segment.key)}`);
  const content = {
    fullName: remembered?.fullName ?? `${sobject}.${name}`,
    columns: [...COLUMNS[sobject], property],
    filterScope: 'Everything',
    filters: [filter],
    label: `${target.segmentation.name}: ${segment.name}`.slice(0, MAX_LABEL),
  };
  return { target, filter, remembered, component: { type: 'ListView', content } };
}

async function prepareView(
  context: Context<SalesforceConfig>,
  { target, component, filter, remembered }: Plan,
  existing: string | undefined,
): Promise<Prepared> {
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
  const remote: ListViewRemote = { kind: 'list_view', fullName, id };
  return { id: target.id, state: 'ready', remote };
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

const View = z.object({ query: z.string() });

/** Ids that a list view shows, page by page. */
export async function* membersOfListView(
  context: Context<SalesforceConfig>,
  { fullName, id }: ListViewRemote,
): AsyncGenerator<string[], void, void> {
  const [sobject = ''] = fullName.split('.');
  const path = dataPath(`/sobjects/${sobject}/listviews/${id}/describe`);
  const { data } = await call(context, { method: 'GET', path }, View);
  let page = await query(context, data.query);
  for (;;) {
    yield page.rows.map((row) => String(row('Id')));
    if (page.next === null) return;
    page = await queryMore(context, page.next);
  }
}
