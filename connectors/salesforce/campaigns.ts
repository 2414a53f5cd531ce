import { z } from 'zod';
import { RemoteError } from '../../src/errors.ts';
import type { Context, Prepared, PrepareTarget } from '../contract.ts';
import { MARKER } from './app.ts';
import { LEFT, MEMBER } from './campaign-members.ts';
import { call, dataPath, SaveResult } from './client.ts';
import type { SalesforceConfig } from './config.ts';
import { needsYou } from './needs-you.ts';
import { CampaignRemote } from './remotes.ts';
import { schemaOf } from './schema.ts';
import { allRows, query, quote } from './soql.ts';

const MAX_NAME = 80;

const markOf = ({ segmentation, segments }: PrepareTarget) =>
  `${MARKER} [${segmentation.key}.${segments[0]?.key ?? ''}]`;

const nameOf = ({ segmentation, segments }: PrepareTarget) =>
  `${segmentation.name}: ${segments[0]?.name ?? ''}`.slice(0, MAX_NAME - 15).concat(' (Segment Sync)');

/** An inactive campaign for a segment, whose members have the status Member, or Left. */
export async function prepareCampaign(
  context: Context<SalesforceConfig>,
  target: PrepareTarget,
): Promise<Prepared> {
  const schema = await schemaOf(context, 'Campaign');
  if (schema === null) {
    const action =
      'Let the connected user read and make campaigns (the Marketing User right), or leave them out.';
    return needsYou(target, 'Salesforce shows us no campaigns.', action);
  }
  const known = await findCampaign(context, target);
  if (known === null && !target.mayCreate) {
    return needsYou(
      target,
      'Salesforce has no campaign for this segment, and Segment Sync was not allowed to make it.',
      'Allow Segment Sync to make campaigns under Connections.',
    );
  }
  try {
    const types = schema.fields.get('Type')?.picklistValues.filter(({ active }) => active) ?? [];
    const type = ['Segment', 'Other'].find((each) => types.some(({ value }) => value === each));
    const remote = known ?? (await createCampaign(context, target, type));
    await ensureStatuses(context, remote.id);
    return { id: target.id, state: 'ready', remote };
  } catch (error) {
    const isRefused = error instanceof RemoteError && !error.retryable && !error.outcomeUnknown;
    if (!isRefused) throw error;
    return needsYou(target, error.message, actionFor(error.code));
  }
}

const ASKS_MORE =
  /^(REQUIRED_FIELD_MISSING|FIELD_CUSTOM_VALIDATION_EXCEPTION|INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST)$/;

const actionFor = (code: string) =>
  ASKS_MORE.test(code)
    ? 'Let campaigns of Segment Sync pass that rule or do without that field, or leave campaigns out.'
    : 'Let the connected user make campaigns (the Marketing User right).';

/** The one that we remember, or made without hearing of it: it has our name and our mark. */
async function findCampaign(
  context: Context<SalesforceConfig>,
  target: PrepareTarget,
): Promise<CampaignRemote | null> {
  const remembered = CampaignRemote.safeParse(target.remote).data;
  const of = remembered ? `Id = ${quote(remembered.id)}` : `Name = ${quote(nameOf(target))}`;
  const { rows } = await query(context, `SELECT Id, Name, Description FROM Campaign WHERE ${of}`);
  const own = rows.find((row) => remembered || String(row('Description') ?? '').includes(markOf(target)));
  return own ? { kind: 'campaign', id: String(own('Id')), name: String(own('Name')) } : null;
}

const Made = z.object({ id: z.string() });

async function createCampaign(
  context: Context<SalesforceConfig>,
  target: PrepareTarget,
  type: string | undefined,
): Promise<CampaignRemote> {
  const name = nameOf(target);
  const body = {
    Name: name,
    IsActive: false,
    ...(type !== undefined && { Type: type }),
    Description: markOf(target),
  };
  const path = dataPath('/sobjects/Campaign');
  const { data } = await call(context, { method: 'POST', path, body, write: true, rows: 1 }, Made);
  return { kind: 'campaign', id: data.id, name };
}

/** Each campaign has statuses of its own. */
async function ensureStatuses(context: Context<SalesforceConfig>, campaignId: string): Promise<void> {
  const soql = `SELECT Id, Label, SortOrder FROM CampaignMemberStatus WHERE CampaignId = ${quote(campaignId)}`;
  const { rows } = await query(context, soql);
  const labels = new Set(rows.map((row) => row('Label')));
  const missing = [MEMBER, LEFT].filter((label) => !labels.has(label));
  if (missing.length === 0) return;
  const last = Math.max(0, ...rows.map((row) => Number(row('SortOrder') ?? 0)));
  const records = missing.map((Label, index) => ({
    attributes: { type: 'CampaignMemberStatus' },
    CampaignId: campaignId,
    Label,
    SortOrder: last + index + 1,
    IsDefault: Label === MEMBER,
    HasResponded: false,
  }));
  const { data } = await call(
    context,
    {
      method: 'POST',
      path: dataPath('/composite/sobjects'),
      body: { allOrNone: false, records },
      write: true,
      idempotent: true,
      rows: records.length,
    },
    z.array(SaveResult),
  );
  const error = data
    .flatMap(({ errors }) => errors)
    .find(({ statusCode }) => statusCode !== 'DUPLICATE_VALUE');
  if (error === undefined) return;
  throw new RemoteError(error.statusCode, `Salesforce refused a member status: ${error.message}`, {
    status: 400,
    said: error.message,
    action: 'Look at the reason that Salesforce gives, and mend it there.',
  });
}

/** Who is in the campaign and has not left, page by page. */
export async function* membersOfCampaign(
  context: Context<SalesforceConfig>,
  { id }: CampaignRemote,
): AsyncGenerator<string[], void, void> {
  const where = [`CampaignId = ${quote(id)}`, `Status != ${quote(LEFT)}`];
  const of = { select: 'Id, ContactId, LeadId', from: 'CampaignMember', where };
  for await (const rows of allRows(context, of)) {
    yield rows.flatMap((row) => {
      const member = row('ContactId') ?? row('LeadId');
      return typeof member === 'string' ? member : [];
    });
  }
}
