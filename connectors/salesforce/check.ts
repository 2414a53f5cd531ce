import { z } from 'zod';
import { AppError, AuthError, RemoteError } from '../../src/errors.ts';
import { ObjectType } from '../../src/model/record.ts';
import type { CheckItem, CheckNeeds, Context } from '../contract.ts';
import { refuseUnknownVersion } from './api-version.ts';
import { API_VERSION } from './app.ts';
import { checkChanges } from './changes.ts';
import { call, dataPath } from './client.ts';
import type { SalesforceConfig } from './config.ts';
import { isGone, isNotFound, LEFT_FOR_ALL } from './dialect.ts';
import { pathOf, SOBJECTS } from './objects.ts';
import { connectedUser } from './permissions.ts';
import { fieldAt, type Schema, schemaOf } from './schema.ts';
import { inList, query, quote, wholeQuery } from './soql.ts';
import { TASK_FIELDS } from './tasks.ts';

const good = (code: string, message: string): CheckItem => ({
  code,
  ok: true,
  level: 'error',
  message,
  action: '',
});

/** The org behind the token; the first call to it, so a version that it does not know shows here. */
export async function identifySalesforce(
  context: Context<SalesforceConfig>,
): Promise<{ id: string; name: string }> {
  const soql = 'SELECT Id, Name FROM Organization LIMIT 1';
  const { rows } = await query(context, soql, { expectsRows: true }).catch(async (error: unknown) => {
    if (isNotFound(error) || isGone(error)) await refuseUnknownVersion(context);
    throw error;
  });
  const [org] = rows;
  if (org === undefined) {
    throw new RemoteError('no_organisation', 'Salesforce does not say which org this is.', {
      status: 200,
      retryable: true,
      action: 'Try again; if it stays, let the connected user read the Organization object.',
    });
  }
  return { id: String(org('Id')), name: String(org('Name') ?? '') };
}

/** Names every right, field and limit that stands in the way, before anything is read or written. */
export async function checkSalesforce(
  context: Context<SalesforceConfig>,
  needs: CheckNeeds,
): Promise<CheckItem[]> {
  const org = await tried('org', 'error', async () => {
    const { id, name } = await identifySalesforce(context);
    return good('org', `Salesforce org "${name}" (${id}), API version ${API_VERSION}.`);
  });
  if (!org.ok) return [org];
  const items = [org, ...(await limits(context))];
  for (const object of ObjectType.options) items.push(...(await checkObject(context, object, needs)));
  items.push(...(await checkSharing(context)));
  items.push(await tried('changes', 'warning', () => checkChanges(context)));
  if (needs.write) {
    items.push(
      await tried('fields_write', 'warning', async () => {
        const q = "SELECT Id, DeveloperName FROM CustomField WHERE DeveloperName = 'Segment_Sync_Changed'";
        await call(context, { method: 'GET', path: dataPath('/tooling/query'), query: { q } }, z.unknown());
        return good('fields_write', 'Can look after custom fields.');
      }),
    );
  }
  if (needs.tasks) items.push(await tried('tasks_write', 'warning', () => checkTasks(context)));
  return items;
}

async function checkTasks(context: Context<SalesforceConfig>): Promise<CheckItem> {
  const schema = await schemaOf(context, 'Task');
  const hidden = TASK_FIELDS.filter((name) => !schema?.fields.has(name));
  if (schema?.createable && hidden.length === 0) return good('tasks_write', 'Can make tasks.');
  return {
    code: 'tasks_write',
    ok: false,
    level: 'warning',
    message: schema?.createable
      ? `The connected user can't fill ${hidden.join(', ')} of tasks: plays make none in Salesforce.`
      : "The connected user can't make tasks: plays make none in Salesforce.",
    action:
      'Give the connected user the right to edit tasks, and the fields named, or allow no tasks under Settings.',
  };
}

/** Runs a check; what it throws becomes its line. What a later try may mend is thrown on. */
async function tried(
  code: string,
  level: CheckItem['level'],
  run: () => Promise<CheckItem>,
): Promise<CheckItem> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof AppError) || error.retryable || error instanceof AuthError) throw error;
    return { code, ok: false, level, message: error.message, action: error.action };
  }
}

const Limits = z.object({
  DailyApiRequests: z.object({ Max: z.number(), Remaining: z.number() }).optional(),
});

async function limits(context: Context<SalesforceConfig>): Promise<CheckItem[]> {
  try {
    const { data } = await call(context, { method: 'GET', path: dataPath('/limits') }, Limits);
    const daily = data.DailyApiRequests;
    if (daily === undefined) return [];
    const message = `${daily.Remaining} of the org's ${daily.Max} API calls of a day are left.`;
    if (daily.Remaining >= daily.Max * LEFT_FOR_ALL) return [good('daily_calls', message)];
    const action =
      'Nothing to do: Segment Sync waits while less than a quarter is left, so that others can work.';
    return [{ code: 'daily_calls', ok: false, level: 'warning', message, action }];
  } catch (error) {
    // Not every user may see the org's limits; each answer tells us what we need of them.
    if (error instanceof RemoteError && !error.retryable) return [];
    throw error;
  }
}

async function checkObject(
  context: Context<SalesforceConfig>,
  object: ObjectType,
  needs: CheckNeeds,
): Promise<CheckItem[]> {
  const items: CheckItem[] = [];
  for (const sobject of SOBJECTS[object]) {
    const schema = await schemaOf(context, sobject);
    items.push(readable(sobject, schema));
    if (needs.write && object !== 'deal' && schema !== null) items.push(writable(sobject, schema));
  }
  const formulas: string[] = [];
  for (const { name } of needs.properties.filter((need) => need.object === object)) {
    const seen = await Promise.all(
      SOBJECTS[object].map((sobject) => fieldAt(context, sobject, pathOf(sobject, name))),
    );
    if (seen.every((field) => field === null)) items.push(missing(object, name));
    if (seen.some((field) => field?.calculated)) formulas.push(name);
  }
  // Nothing is wrong with them: people should know why a new value may take a day.
  if (formulas.length > 0) {
    const message = `Salesforce works out ${formulas.sort().join(', ')} of a ${object} and does not say when: read again once a day.`;
    items.push(good(`${object}_calculated`, message));
  }
  return items;
}

/** Records that are not shared with the connected user are as if they were not there: counts and segments lack them. */
async function checkSharing(context: Context<SalesforceConfig>): Promise<CheckItem[]> {
  const wanted = Object.values(SOBJECTS).flat();
  try {
    const sets = `SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = ${quote(await connectedUser(context))}`;
    const all = `SELECT Id FROM PermissionSet WHERE PermissionsViewAllData = true AND Id IN (${sets})`;
    if ((await wholeQuery(context, all)).length > 0) return [good('sharing', 'Sees all records.')];
    const some = `SELECT SobjectType FROM ObjectPermissions WHERE PermissionsViewAllRecords = true AND SobjectType IN ${inList(wanted)} AND ParentId IN (${sets})`;
    const seen = new Set((await wholeQuery(context, some)).map((row) => row('SobjectType')));
    const schemas = await Promise.all(wanted.map((sobject) => schemaOf(context, sobject)));
    const partly = wanted.filter((sobject, index) => schemas[index] !== null && !seen.has(sobject));
    if (partly.length === 0) return [good('sharing', 'Sees all records.')];
    return [
      {
        code: 'sharing',
        ok: false,
        level: 'warning',
        message: `Of ${partly.join(', ')} the connected user sees those records only that are shared with it. The others are in no segment and no count.`,
        action: `Give the connected user View All on ${partly.join(', ')}, or leave it so if that is what you want.`,
      },
    ];
  } catch (error) {
    // Not every user may see who has which rights.
    if (error instanceof RemoteError && !error.retryable) return [];
    throw error;
  }
}

const readable = (sobject: string, schema: Schema | null): CheckItem =>
  schema === null
    ? {
        code: `${sobject}_read`,
        ok: false,
        // Some orgs have no leads.
        level: sobject === 'Lead' ? 'warning' : 'error',
        message: `The connected user can't read ${sobject} records.`,
        action: `Give the connected user Read and View All on ${sobject}.`,
      }
    : good(`${sobject}_read`, `Can read ${sobject} with ${schema.fields.size} fields.`);

const writable = (sobject: string, schema: Schema): CheckItem =>
  schema.updateable
    ? good(`${sobject}_write`, `Can write ${sobject}.`)
    : {
        code: `${sobject}_write`,
        ok: false,
        level: 'error',
        message: `The connected user can't change ${sobject} records.`,
        action: `Give the connected user Edit and Modify All on ${sobject}.`,
      };

const missing = (object: ObjectType, name: string): CheckItem => ({
  code: 'property_missing',
  ok: false,
  level: 'warning',
  message: `Salesforce has no ${object} field "${name}", or hides it from the connected user. Segments that use it keep their labels as they are.`,
  action: `Let the connected user read the field ${name} (field-level security), or map another one.`,
});
