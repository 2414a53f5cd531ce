import { z } from 'zod';
import { RemoteError } from '../../src/errors.ts';
import type { Context, Outcome, PushAnswer, PushRequest, TargetValue, Write } from '../contract.ts';
import { call, isNotFound } from './client.ts';
import type { HubSpotConfig } from './config.ts';
import { listPath } from './lists.ts';
import { objectPath } from './reads.ts';
import { ListRemote, PropertyRemote } from './remotes.ts';

type PropertyWrite = Extract<Write, { kind: 'properties' }>;
type MembershipWrite = Extract<Write, { kind: 'membership' }>;

/** Writes one batch; every row gets an outcome, matched by id and never by position. */
export async function pushHubSpot(
  context: Context<HubSpotConfig>,
  request: PushRequest,
): Promise<PushAnswer> {
  const properties = request.writes.filter((write) => write.kind === 'properties');
  const memberships = request.writes.filter((write) => write.kind === 'membership');
  const outcomes: Outcome[] = [];
  for (const writes of byObject(properties))
    outcomes.push(...(await updateRows(context, writes, request.remotes)));
  for (const writes of byTarget(memberships))
    outcomes.push(...(await changeMembers(context, writes, request.remotes)));
  return { state: 'done', outcomes };
}

const byObject = (writes: PropertyWrite[]) => Map.groupBy(writes, ({ object }) => object).values();
const byTarget = (writes: MembershipWrite[]) => Map.groupBy(writes, ({ targetId }) => targetId).values();

const BatchAnswer = z.object({
  results: z.array(z.object({ id: z.string() })),
  errors: z
    .array(
      z.object({
        category: z.string().default(''),
        message: z.string().default(''),
        context: z.record(z.string(), z.array(z.string())).optional().catch(undefined),
      }),
    )
    .default([]),
});

async function updateRows(
  context: Context<HubSpotConfig>,
  writes: PropertyWrite[],
  remotes: PushRequest['remotes'],
): Promise<Outcome[]> {
  const [first] = writes;
  if (first === undefined) return [];
  const inputs = writes.map(({ id, values }) => ({
    id,
    objectWriteTraceId: id,
    properties: Object.fromEntries(
      Object.entries(values).map(([target, value]) => {
        return [PropertyRemote.parse(remotes[target]).property, cellOf(value)];
      }),
    ),
  }));
  try {
    const path = objectPath(first.object, '/batch/update');
    // The same values written twice are the same values.
    const { data } = await call(
      context,
      { method: 'POST', path, body: { inputs }, write: true, idempotent: true, rows: inputs.length },
      BatchAnswer,
    );
    return outcomesOf(writes, data, remotes);
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    if (error.outcomeUnknown) return unknown(writes, error);
    if (error.status !== 400 && error.status !== 404 && error.status !== 409) throw error;
    const targetId = targetIn(error.message, writes, remotes);
    const isForAll = targetId !== undefined && /PROPERTY_DOESNT_EXIST|READ_ONLY/.test(error.message);
    if (writes.length === 1 || isForAll) return refusedAll(writes, error, targetId);
    // One bad row may refuse a whole batch: halve it until the row stands alone.
    const half = Math.ceil(writes.length / 2);
    return [
      ...(await updateRows(context, writes.slice(0, half), remotes)),
      ...(await updateRows(context, writes.slice(half), remotes)),
    ];
  }
}

/** '' clears; several values are joined by semicolons. */
const cellOf = (value: TargetValue): string => {
  if (value === null) return '';
  return Array.isArray(value) ? value.join(';') : String(value);
};

function outcomesOf(
  writes: PropertyWrite[],
  answer: z.infer<typeof BatchAnswer>,
  remotes: PushRequest['remotes'],
): Outcome[] {
  const asked = new Set(writes.map(({ id }) => id));
  const written = new Map<string, number>();
  for (const { id } of answer.results) written.set(id, (written.get(id) ?? 0) + 1);
  const errors = errorsById(answer.errors);
  // An id that nobody asked for, or one that is there twice, is the survivor of a merge.
  const hasSurvivor = [...written].some(([id, times]) => !asked.has(id) || times > 1);
  return writes.map((write): Outcome => {
    const { id } = write;
    const error = errors.get(id);
    if (error !== undefined) {
      const { category, message } = error;
      const targetId = targetIn(message, [write], remotes);
      const state = category === 'OBJECT_NOT_FOUND' ? 'gone' : 'refused';
      return {
        id,
        state,
        code: category.toLowerCase() || 'refused',
        message: message.slice(0, 500),
        targetId,
      };
    }
    const times = written.get(id) ?? 0;
    if (times === 1) return { id, state: 'done' };
    if (times > 1)
      return { id, state: 'unknown', code: 'merged', message: 'Another record was merged into this one.' };
    if (hasSurvivor)
      return { id, state: 'gone', code: 'merged', message: 'The record was merged into another one.' };
    const message = answer.errors.find((each) => idsOf(each).length === 0)?.message;
    return {
      id,
      state: 'unknown',
      code: 'no_row',
      message: message ?? 'HubSpot did not answer for this record.',
    };
  });
}

type RowError = z.infer<typeof BatchAnswer>['errors'][number];

const idsOf = ({ context }: RowError): string[] => [
  ...(context?.ids ?? []),
  ...(context?.id ?? []),
  ...(context?.objectWriteTraceId ?? []),
];

function errorsById(errors: RowError[]): Map<string, RowError> {
  return new Map(errors.flatMap((error) => idsOf(error).map((id) => [id, error] as const)));
}

/** The target whose property the message names; the longest name wins, as one may begin another. */
function targetIn(
  message: string,
  writes: PropertyWrite[],
  remotes: PushRequest['remotes'],
): string | undefined {
  const targets = [...new Set(writes.flatMap(({ values }) => Object.keys(values)))];
  const named = targets
    .map((id) => ({ id, name: PropertyRemote.parse(remotes[id]).property }))
    .filter(({ name }) => message.includes(name));
  return named.sort((a, b) => b.name.length - a.name.length)[0]?.id;
}

const unknown = (writes: Write[], error: RemoteError): Outcome[] =>
  writes.map(({ id }) => ({ id, state: 'unknown', code: error.code, message: error.message }));

const refusedAll = (writes: Write[], error: RemoteError, targetId: string | undefined): Outcome[] =>
  writes.map(({ id }) => ({
    id,
    state: error.status === 404 ? 'gone' : 'refused',
    code: error.code,
    message: error.message,
    targetId,
  }));

const MembersAnswer = z.object({
  recordIdsMissing: z.array(z.union([z.string(), z.number()]).transform(String)),
});

async function changeMembers(
  context: Context<HubSpotConfig>,
  writes: MembershipWrite[],
  remotes: PushRequest['remotes'],
): Promise<Outcome[]> {
  const [first] = writes;
  if (first === undefined) return [];
  const { listId, name } = ListRemote.parse(remotes[first.targetId]);
  const idsWhere = (member: boolean) => [
    ...new Set(writes.filter((write) => write.member === member).map(({ id }) => id)),
  ];
  const body = { recordIdsToAdd: idsWhere(true), recordIdsToRemove: idsWhere(false) };
  try {
    const path = listPath(`/${listId}/memberships/add-and-remove`);
    const { data } = await call(
      context,
      { method: 'PUT', path, body, write: true, rows: writes.length },
      MembersAnswer,
    );
    // Members that are there already, and ones that are not, are passed over: both are as they should be.
    const missing = new Set(data.recordIdsMissing);
    return writes.map(({ id, targetId }) => ({ id, targetId, state: missing.has(id) ? 'gone' : 'done' }));
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    if (error.outcomeUnknown) return unknown(writes, error);
    // A list that takes no members, or a right to lists that was taken away, keeps no property from being written.
    const isRefused = !error.retryable && error.status >= 400;
    if (!isRefused) throw error;
    const reason = isNotFound(error)
      ? { code: 'list_gone', message: `The list "${name}" was deleted in HubSpot.` }
      : { code: error.code, message: error.message };
    return writes.map(({ id, targetId }) => ({ id, targetId, state: 'refused', ...reason }));
  }
}
