import { z } from 'zod';
import { RemoteError } from '../../src/errors.ts';
import type { ObjectType } from '../../src/model/record.ts';
import type { CheckItem, Context, Heard, HeardEvent, Json } from '../contract.ts';
import { bareName, CLIENT_NAME, OUR_PREFIX } from './app.ts';
import { BayeuxClient, type BayeuxMessage, isUnknownClient, refused } from './bayeux.ts';
import type { SalesforceConfig } from './config.ts';
import { sobjectOf } from './objects.ts';

/**
 * Change Data Capture: the org tells which records changed, where an admin selected the objects under Setup.
 * https://developer.salesforce.com/docs/atlas.en-us.change_data_capture.meta/change_data_capture/cdc_intro.htm
 */
const CHANNELS: Record<string, ObjectType> = {
  '/data/ContactChangeEvent': 'contact',
  '/data/LeadChangeEvent': 'contact',
  '/data/AccountChangeEvent': 'company',
  '/data/OpportunityChangeEvent': 'deal',
};

const ONLY_NEW = -1;
/** Fields that say only that something changed. */
const STAMPS = new Set(['LastModifiedDate', 'LastModifiedById', 'SystemModstamp']);

/** The last event's number, by channel. */
const Position = z.record(z.string(), z.int()).catch({});

const EventData = z.object({
  event: z.object({ replayId: z.int() }),
  payload: z
    .object({
      ChangeEventHeader: z.object({
        recordIds: z.array(z.string()).default([]),
        changeType: z.string(),
        changedFields: z.array(z.string()).default([]),
        changeOrigin: z.string().nullish(),
      }),
    })
    .catchall(z.unknown()),
});

/** What one event says. */
export type Change = {
  channel: string;
  replayId: number;
  recordIds: string[];
  changeType: string;
  changedFields: string[];
  changeOrigin: string;
  /** New values of the fields that changed. */
  values: Record<string, unknown>;
};

/** Null where it is no change event: an answer to what we asked. */
function changeOf({ channel, data }: BayeuxMessage): Change | null {
  if (!Object.hasOwn(CHANNELS, channel)) return null;
  const parsed = EventData.safeParse(data);
  if (!parsed.success) return null;
  const { ChangeEventHeader: header, ...values } = parsed.data.payload;
  const { recordIds, changeType, changedFields, changeOrigin } = header;
  const { replayId } = parsed.data.event;
  return {
    channel,
    replayId,
    recordIds,
    changeType,
    changedFields,
    changeOrigin: changeOrigin ?? '',
    values,
  };
}

const isGap = ({ changeType }: Change) => changeType.startsWith('GAP_');
const isOurs = (field: string) => bareName(field).startsWith(OUR_PREFIX);
const scalar = z.union([z.string(), z.number().transform(String), z.boolean().transform(String)]).nullable();

/** Hints to read records again. What we wrote ourselves is left out, or goes with its value for others to judge. */
function hintsOf(change: Change): HeardEvent[] {
  const object = CHANNELS[change.channel];
  const ids = change.recordIds.filter((id) => sobjectOf(id) !== undefined);
  if (object === undefined || ids.length === 0) return [];
  const whole: HeardEvent = { object, ids, what: 'changed', property: null };
  if (change.changeType !== 'UPDATE') return [whole];
  const fields = change.changedFields.filter((field) => !STAMPS.has(field));
  if (!fields.every(isOurs)) return [whole];
  if (change.changeOrigin.includes(`client=${CLIENT_NAME}`)) return [];
  return fields.flatMap((name) => {
    const value = scalar.safeParse(change.values[name] ?? null);
    if (!value.success) return [whole];
    return ids.map((id) => ({
      object,
      ids: [id],
      what: 'changed' as const,
      property: { name, value: value.data },
    }));
  });
}

/**
 * Listens until the signal ends it. The first page says that the stream is open; each later one is what one answer
 * told. Begins after `position`, or with what happens next.
 * @throws RemoteError `changes_not_allowed` where the org tells of no object
 */
export async function* listenToSalesforce(
  context: Context<SalesforceConfig>,
  { position }: { position: Json },
): AsyncGenerator<Heard, void, void> {
  const known = Position.parse(position ?? {});
  const client = new BayeuxClient(context);
  let isFresh = true;
  for (;;) {
    const { allowed, missed } = await subscribed(client, known);
    if (isFresh || missed) yield { events: [], position: { ...known }, missed, allowed };
    isFresh = false;
    for (;;) {
      const messages = await client.connect();
      const changes = messages.flatMap((message) => changeOf(message) ?? []);
      for (const { channel, replayId } of changes) known[channel] = replayId;
      if (changes.length > 0) {
        const events = changes.flatMap(hintsOf);
        yield { events, position: { ...known }, missed: changes.some(isGap), allowed };
      }
      if (messages.some(isUnknownClient)) break;
      const failed = messages.find(({ successful }) => successful === false);
      if (failed) throw refused('stream', failed.error ?? '');
    }
  }
}

async function subscribed(client: BayeuxClient, known: Record<string, number>) {
  await client.handshake();
  const wanted = new Map(Object.keys(CHANNELS).map((channel) => [channel, known[channel] ?? ONLY_NEW]));
  const answers = await client.subscribe(wanted);
  const allowed = channelsOf(answers, ({ successful }) => successful === true);
  // After 72 hours an event is forgotten, and its number with it.
  const tooOld = channelsOf(
    answers,
    ({ successful, error = '' }) => successful === false && /replay ?id/i.test(error),
  );
  if (tooOld.length > 0) {
    for (const channel of tooOld) delete known[channel];
    const again = await client.subscribe(new Map(tooOld.map((channel) => [channel, ONLY_NEW])));
    allowed.push(...channelsOf(again, ({ successful }) => successful === true));
  }
  if (allowed.length > 0) return { allowed, missed: tooOld.length > 0 };
  throw new RemoteError('changes_not_allowed', 'The Salesforce org tells of no changes.', {
    status: 403,
    action: SELECT_THEM,
  });
}

const channelsOf = (answers: BayeuxMessage[], is: (answer: BayeuxMessage) => boolean) =>
  answers.filter(is).flatMap(({ subscription }) => subscription ?? []);

const SELECT_THEM =
  'Nothing has to be done: changes are asked for every few minutes. For labels within seconds select Contact, Lead, Account and Opportunity under Setup > Change Data Capture.';

/** Does the org tell of changes? A matter of speed, so never an error. */
export async function checkChanges(context: Context<SalesforceConfig>): Promise<CheckItem> {
  const item = { code: 'changes', level: 'warning' as const };
  try {
    const client = new BayeuxClient(context);
    const { allowed } = await subscribed(client, {});
    await client.disconnect();
    const missing = Object.keys(CHANNELS).filter((channel) => !allowed.includes(channel));
    if (missing.length === 0)
      return { ...item, ok: true, message: 'Salesforce tells of changes as they happen.', action: '' };
    const names = missing.map((channel) => /\/data\/(\w+)ChangeEvent/.exec(channel)?.[1]).join(', ');
    return {
      ...item,
      ok: false,
      message: `Salesforce does not tell of changes to ${names}.`,
      action: SELECT_THEM,
    };
  } catch (error) {
    // Whatever is wrong with the stream, nothing but speed hangs on it.
    if (!(error instanceof RemoteError)) throw error;
    return { ...item, ok: false, message: error.message, action: error.action };
  }
}
