import { z } from 'zod';
import type { Context, CrmTask } from '../contract.ts';
import { API_VERSION, call } from './client.ts';
import type { HubSpotConfig } from './config.ts';
import { HUBSPOT_OBJECTS } from './objects.ts';

/** https://developers.hubspot.com/docs/api-reference/latest/crm/activities/tasks/guide */
export const TASKS_PATH = `/crm/objects/${API_VERSION}/tasks`;

/** From a task to a record. */
const TYPE_IDS = { contact: 204, company: 192, deal: 216 } as const;

/** Tasks of one batch. */
const READ_BATCH = 100;

const Made = z.object({ id: z.string() });

/** Makes a task; needs no right but those to read and write contacts. */
export async function taskOfHubSpot(context: Context<HubSpotConfig>, task: CrmTask): Promise<{ id: string }> {
  const known = task.mayExist ? await findTask(context, task) : null;
  if (known !== null) return { id: known };
  const body = {
    properties: {
      hs_task_subject: task.subject,
      hs_task_body: html(task.body),
      hs_timestamp: task.dueAt.toISOString(),
      hs_task_status: 'NOT_STARTED',
      hs_task_type: 'TODO',
      hubspot_owner_id: task.ownerId,
    },
    associations: [
      {
        to: { id: task.recordId },
        types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: TYPE_IDS[task.object] }],
      },
    ],
  };
  const { data } = await call(
    context,
    { method: 'POST', path: TASKS_PATH, body, write: true, rows: 1 },
    Made,
  );
  return data;
}

const Id = z.union([z.string(), z.number()]).transform(String);
const Linked = z.object({
  results: z.array(
    z.object({
      to: z.array(z.object({ toObjectId: Id })),
      paging: z.object({ next: z.object({ after: z.coerce.string() }).optional() }).optional(),
    }),
  ),
});
const Tasks = z.object({
  results: z.array(z.object({ id: Id, properties: z.record(z.string(), z.string().nullish()) })),
});

/** Ids of all tasks of a record, in the order in which HubSpot tells them. */
async function tasksOf(context: Context<HubSpotConfig>, task: CrmTask): Promise<string[]> {
  const path = `/crm/associations/${API_VERSION}/${HUBSPOT_OBJECTS[task.object].path}/tasks/batch/read`;
  const ids: string[] = [];
  let after: string | undefined;
  do {
    const inputs = [{ id: task.recordId, ...(after !== undefined && { after }) }];
    const { data } = await call(context, { method: 'POST', path, body: { inputs }, rows: 1 }, Linked);
    ids.push(...data.results.flatMap(({ to }) => to.map(({ toObjectId }) => toObjectId)));
    after = data.results[0]?.paging?.next?.after;
  } while (after !== undefined);
  return ids;
}

/** Looked for among the tasks of its record: search shows a new one only after a while. */
async function findTask(context: Context<HubSpotConfig>, task: CrmTask): Promise<string | null> {
  const ids = (await tasksOf(context, task)).reverse();
  for (let at = 0; at < ids.length; at += READ_BATCH) {
    const inputs = ids.slice(at, at + READ_BATCH).map((id) => ({ id }));
    const found = await call(
      context,
      {
        method: 'POST',
        path: `${TASKS_PATH}/batch/read`,
        body: { inputs, properties: ['hs_task_body'], propertiesWithHistory: [] },
        rows: inputs.length,
      },
      Tasks,
    );
    const ours = found.data.results.find(({ properties }) => properties.hs_task_body?.includes(task.marker));
    if (ours) return ours.id;
  }
  return null;
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const html = (text: string): string =>
  text.replace(/[&<>]/g, (sign) => ENTITIES[sign] ?? sign).replaceAll('\n', '<br>');
