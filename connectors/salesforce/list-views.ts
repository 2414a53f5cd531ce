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

/** A list view of those who have the segment: the org works out who is in it each time somebody looks. */
export async function prepareListView(
  context: Context<SalesforceConfig>,
  target: PrepareTarget,
): Promise<Prepared> {
  const field = FieldRemote.safeParse(target.property);
  const [segment] = target.segments;
  if (!field.success || segment === undefined) {
    const message = 'A list view filters on the field of its segmentation, which is not there yet.';
    return needsYou(target, message, 'Release the field first.');
  }
  const sobject = target.object === 'company' ? 'Account' : 'Contact';
  const { property, type } = field.data;
  const filter = {
    field: property,
    operation: type === 'MultiselectPicklist' ? 'includes' : 'equals',
    value: segment.key,
  };
  const remembered = ListViewRemote.safeParse(target.remote).data;
  const name = developerName(`${titled(target.segmentation.key)}_${titled(segment.key)}`);
  const fullName = remembered?.fullName ?? `${sobject}.${name}`;
  const component: Component = {
    type: 'ListView',
    content: {
      fullName,
      columns: [...COLUMNS[sobject], property],
      filterScope: 'Everything',
      filters: [filter],
      label: `${target.segmentation.name}: ${segment.name}`.slice(0, MAX_LABEL),
    },
  };
  try {
    const existing = await readMetadata(context, 'ListView', fullName);
    if (existing === null) {
      if (!target.mayCreate) return notAllowed(target);
      await createMetadata(context, component);
    } else if (!showsSegment(existing, filter)) {
      if (remembered === undefined) return foreign(target, fullName);
      await updateMetadata(context, component);
    }
  } catch (error) {
    const isRefused = error instanceof RemoteError && !error.retryable && !error.outcomeUnknown;
    if (!isRefused) throw error;
    const action =
      'Give the connected user the rights to the Metadata API and public list views, or leave the views out.';
    return needsYou(target, error.message, action);
  }
  const id = remembered?.id ?? (await idOf(context, fullName));
  const remote: ListViewRemote = { kind: 'list_view', fullName, id };
  return { id: target.id, state: 'ready', remote };
}

/** Does the view show this segment, whatever columns people have added? */
function showsSegment(view: string, filter: { field: string; operation: string; value: string }): boolean {
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
    'Allow Segment Sync to make list views under Settings.',
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
