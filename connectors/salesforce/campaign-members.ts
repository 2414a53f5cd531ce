import { z } from 'zod';
import { RemoteError } from '../../src/errors.ts';
import type { Context, Outcome, PushRequest } from '../contract.ts';
import { call, dataPath, SaveResult } from './client.ts';
import type { SalesforceConfig } from './config.ts';
import type { MembershipWrite } from './push.ts';
import { CampaignRemote } from './remotes.ts';
import { allRows, inList, quote } from './soql.ts';

/** The status of a member, and of one who left. */
export const MEMBER = 'Member';
export const LEFT = 'Left';

type Change = { write: MembershipWrite; record: Record<string, string> };

const SaveResults = z.array(SaveResult);

/** Reads who is in the campaign, adds who is missing, and gives leavers the status Left; nobody is taken out. */
export async function changeMembers(
  context: Context<SalesforceConfig>,
  writes: MembershipWrite[],
  remotes: PushRequest['remotes'],
): Promise<Outcome[]> {
  const [first] = writes;
  if (first === undefined) return [];
  const { id: campaignId } = CampaignRemote.parse(remotes[first.targetId]);
  const members = await membersAmong(
    context,
    campaignId,
    writes.map(({ id }) => id),
  );
  const inserts: Change[] = [];
  const updates: Change[] = [];
  const done: MembershipWrite[] = [];
  for (const write of writes) {
    const known = members.get(write.id);
    const status = write.member ? MEMBER : LEFT;
    const isRight = known === undefined ? !write.member : (known.status !== LEFT) === write.member;
    if (isRight) done.push(write);
    else if (known !== undefined) updates.push({ write, record: { id: known.id, Status: status } });
    else
      inserts.push({
        write,
        record: { CampaignId: campaignId, [linkOf(write.id)]: write.id, Status: status },
      });
  }
  return [
    ...done.map(({ id, targetId }): Outcome => ({ id, targetId, state: 'done' })),
    ...(await save(context, 'POST', inserts)),
    ...(await save(context, 'PATCH', updates)),
  ];
}

const linkOf = (id: string) => (id.startsWith('00Q') ? 'LeadId' : 'ContactId');

async function membersAmong(
  context: Context<SalesforceConfig>,
  campaignId: string,
  ids: string[],
): Promise<Map<string, { id: string; status: string }>> {
  const members = new Map<string, { id: string; status: string }>();
  for (const link of ['ContactId', 'LeadId']) {
    const same = ids.filter((id) => linkOf(id) === link);
    if (same.length === 0) continue;
    const where = [`CampaignId = ${quote(campaignId)}`, `${link} IN ${inList(same)}`];
    for await (const rows of allRows(context, {
      select: `Id, ${link}, Status`,
      from: 'CampaignMember',
      where,
    })) {
      for (const row of rows)
        members.set(String(row(link)), { id: String(row('Id')), status: String(row('Status')) });
    }
  }
  return members;
}

async function save(
  context: Context<SalesforceConfig>,
  method: 'POST' | 'PATCH',
  changes: Change[],
): Promise<Outcome[]> {
  if (changes.length === 0) return [];
  const body = {
    allOrNone: false,
    records: changes.map(({ record }) => ({ attributes: { type: 'CampaignMember' }, ...record })),
  };
  try {
    const { data } = await call(
      context,
      {
        method,
        path: dataPath('/composite/sobjects'),
        body,
        write: true,
        // A member who is there already is told as a duplicate.
        idempotent: true,
        rows: changes.length,
      },
      SaveResults,
    );
    const isWhole = data.length === changes.length;
    return changes.map(({ write }, index) => outcomeOf(write, isWhole ? data[index] : undefined));
  } catch (error) {
    if (!(error instanceof RemoteError) || !error.outcomeUnknown) throw error;
    return changes.map(({ write: { id, targetId } }) => ({
      id,
      targetId,
      state: 'unknown',
      code: error.code,
      message: error.message,
    }));
  }
}

const GONE = new Set(['ENTITY_IS_DELETED', 'INVALID_CROSS_REFERENCE_KEY', 'NOT_FOUND']);

function outcomeOf({ id, targetId }: MembershipWrite, result: SaveResult | undefined): Outcome {
  if (result === undefined) {
    return {
      id,
      targetId,
      state: 'unknown',
      code: 'no_row',
      message: 'Salesforce did not answer for this member.',
    };
  }
  const [error] = result.errors;
  if (result.success || error?.statusCode === 'DUPLICATE_VALUE') return { id, targetId, state: 'done' };
  const { statusCode = '', message = '', fields } = error ?? {};
  const isCampaign = (fields ?? []).includes('CampaignId');
  const state = GONE.has(statusCode) && !isCampaign ? 'gone' : 'refused';
  return { id, targetId, state, code: statusCode || 'refused', message: message.slice(0, 500) };
}
