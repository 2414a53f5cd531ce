import { z } from 'zod';
import type { Context, CrmTask } from '../contract.ts';
import { call, dataPath } from './client.ts';
import type { SalesforceConfig } from './config.ts';
import { sobjectOf } from './objects.ts';
import { schemaOf } from './schema.ts';
import { quote, wholeQuery } from './soql.ts';

/** https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_task.htm */
const PATH = dataPath('/sobjects/Task');

/** What a task is made of, beside its link to a record. */
export const TASK_FIELDS = [
  'Subject',
  'Description',
  'OwnerId',
  'ActivityDate',
  'Status',
  'Priority',
  'WhoId',
  'WhatId',
];

/** Newest tasks of a record among which ours is looked for. */
const MOST_TASKS = 500;

const Made = z.object({ id: z.string() });

/** Makes a task for a person (contact, lead) or about an account, a person account among them. */
export async function taskOfSalesforce(
  context: Context<SalesforceConfig>,
  task: CrmTask,
): Promise<{ id: string }> {
  const sobject = sobjectOf(task.recordId);
  const link = sobject === 'Contact' || sobject === 'Lead' ? 'WhoId' : 'WhatId';
  const known = task.mayExist ? await findTask(context, task, link) : null;
  if (known !== null) return { id: known };
  const body = {
    Subject: task.subject,
    Description: task.body,
    OwnerId: task.ownerId,
    [link]: task.recordId,
    ActivityDate: task.dueOn,
    ...(await usual(context)),
  };
  const { data } = await call(context, { method: 'POST', path: PATH, body, write: true, rows: 1 }, Made);
  return { id: data.id };
}

/** Orgs have statuses and priorities of their own; what is left out Salesforce fills with their default. */
async function usual(context: Context<SalesforceConfig>): Promise<Record<string, string>> {
  const schema = await schemaOf(context, 'Task');
  const offered = ([name, wanted]: [string, string]) =>
    schema?.fields.get(name)?.picklistValues.some(({ value, active }) => active && value === wanted);
  return Object.fromEntries(Object.entries({ Status: 'Not Started', Priority: 'Normal' }).filter(offered));
}

/** Neither a long text nor what an org encrypts can be filtered by; of one record's tasks the newest are enough. */
async function findTask(
  context: Context<SalesforceConfig>,
  task: CrmTask,
  link: 'WhoId' | 'WhatId',
): Promise<string | null> {
  const rows = await wholeQuery(
    context,
    `SELECT Id, Description FROM Task WHERE ${link} = ${quote(task.recordId)} ORDER BY CreatedDate DESC LIMIT ${MOST_TASKS}`,
  );
  const ours = rows.find((row) => String(row('Description') ?? '').includes(task.marker));
  return ours ? String(ours('Id')) : null;
}
