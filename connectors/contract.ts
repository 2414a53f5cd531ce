/**
 * What a connector is. One folder a system; its index.ts exports one literal that satisfies `Connector`.
 * A connector talks to one CRM account and stores nothing: it gets a cursor and yields a cursor, gets a batch
 * and answers an outcome per row. Tokens, pace, the clock and the log come in through `Context`.
 */
import type { Logger } from 'pino';
import { z } from 'zod';
import type { ObjectType, SourceRecord } from '../src/model/record.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A limit that the CRM, or our own manners, put on calls. Several may hold for one call. */
export type Budget = {
  /** Permits per window; a sliding window, as the CRMs count. */
  permits: number;
  windowMs: number;
  /** Calls under way at once. */
  concurrency?: number;
  /** One limit for each CRM account, or one for all our customers together. */
  scope: 'account' | 'app';
};

/** What a CRM said about its limits in a response's headers. */
export type LimitReport = {
  budget: string;
  /** Permits left in the window (or the day). */
  remaining?: number;
  limit?: number;
  /** Do not call before this many milliseconds have passed. */
  retryAfterMs?: number;
};

export type Token = {
  accessToken: string;
  /** Where the account's API lives; Salesforce's instance_url, HubSpot's api host. */
  apiUrl: string;
};

/** What is stored, encrypted, for a connection that authorised by OAuth. */
export const OAuthSecret = z.object({
  accessToken: z.string().min(1),
  refreshToken: z.string().min(1),
  /** ISO 8601; null where the CRM does not say. */
  expiresAt: z.iso.datetime().nullable(),
  apiUrl: z.url(),
  /** What the account's admin allowed, in the CRM's own names; absent where it did not say. */
  scopes: z.array(z.string()).optional(),
});
export type OAuthSecret = z.infer<typeof OAuthSecret>;

export type OAuthApp = { clientId: string; clientSecret: string };

/** A person as their CRM knows them: the CRM's own id of the account, and an e-mail address in lower case. */
export type Who = { accountId: string; email: string };

export type Context<Config = unknown> = {
  config: Config;
  fetch: typeof fetch;
  /** The present token; refreshed under a lock, before it expires, the new one stored before it is used. */
  token(options?: { refused?: string }): Promise<Token>;
  /** Waits until the budget has room, then takes `cost` permits. Rejects with RateLimitError if that is long. */
  pace(budget: string, cost?: number): Promise<void>;
  /** Tells the budget what the CRM said in its headers. */
  report(report: LimitReport): void;
  /** Counts one HTTP call, for the run's figures. `accessToken`: what it was made with. */
  count(call: { budget: string; write: boolean; rows: number; status: number; accessToken: string }): void;
  asOf: Date;
  signal: AbortSignal;
  log: Logger;
};

export type PullMode =
  /** All live records, by the bulk way where there are many. */
  | 'full'
  /** What changed since the cursor, with an overlap. */
  | 'changes'
  /** Deleted and merged records since the cursor. */
  | 'deleted'
  /** Every live record's id and links only: finds associations that changed without a timestamp, and lost ids. */
  | 'links'
  /** Just these ids, as they are now; ids not found come back as deleted, merged ones as merged. */
  | 'ids';

export type PullRequest = {
  object: ObjectType;
  mode: PullMode;
  /** CRM property names to read, beyond what the connector needs itself (ids, dates, links). */
  properties: string[];
  /** Where to go on: what an earlier page yielded; null at the start. */
  cursor: Json;
  /** With mode `ids`. */
  ids?: { id: string; kind: string }[];
};

export type Page = {
  records: SourceRecord[];
  /** Commit this with the page; hand it back to go on after it. */
  cursor: Json;
  /** True on the last page: the cursor then starts the next `changes` or `deleted` pull. */
  done: boolean;
  /** How many records there are in all, where the CRM says it. */
  total?: number;
  /** Rows that could not be read as records, with the reason; they are listed, not lost. */
  unreadable?: { id: string; reason: string }[];
};

/** A property of the CRM, as discovered. */
export type Property = {
  object: ObjectType;
  name: string;
  label: string;
  /** The CRM's own type name. */
  type: string;
  options?: { value: string; label: string }[];
  readOnly: boolean;
  /** The CRM works it out, from the date or from other records: it changes with no change time to find it by. */
  calculated?: boolean;
  /** Made by us? */
  ours: boolean;
};

/** One line of the preflight. */
export type CheckItem = {
  code: string;
  ok: boolean;
  /** `warning` does not stop a run. */
  level: 'error' | 'warning';
  message: string;
  action: string;
};

const Names = z.record(z.string(), z.string());
/** What people call the values that deals hold, by value. What is missing is called as it is. */
export const DealNames = z.object({
  /** Pipelines or record types. */
  pipelines: Names.default({}),
  stages: Names.default({}),
  dealTypes: Names.default({}),
});
export type DealNames = z.infer<typeof DealNames>;

/** What the preflight looks for. */
export type CheckNeeds = {
  properties: { object: ObjectType; name: string }[];
  write: boolean;
  /** May plays make tasks? Not looked at if left out. */
  tasks?: boolean;
};

export type TargetKind =
  /** One property or field per segmentation: a single value, or several. */
  | 'property'
  /** The first matching segment of a segmentation whose labels are many (Salesforce reports can't group by several). */
  | 'primary'
  /** When this record's labels last changed; one per object. */
  | 'changed_at'
  /** The reason in a sentence; opt-in. */
  | 'why'
  /** A list whose members the CRM works out from our property: no membership calls. */
  | 'dynamic_list'
  /** A list, one per segment, whose members we write. */
  | 'manual_list'
  /** A saved view on our field. */
  | 'list_view'
  /** A campaign, one per segment; leavers get the status Left. */
  | 'campaign'
  /** A file. */
  | 'file';

/** What to make sure of in the CRM before anything is written to it. */
export type PrepareTarget = {
  /** Our id of the target. */
  id: string;
  kind: TargetKind;
  object: ObjectType;
  segmentation: { key: string; name: string; labels: 'one' | 'many' };
  /** All segments that a property needs as options, retired ones hidden; for a list, campaign or view: its one segment. */
  segments: { key: string; name: string; retired?: boolean }[];
  /** What an earlier prepare answered: names and ids made by us. */
  remote: Json;
  /** May we create it? Else the answer says what an admin must do, with a bundle where the CRM has one. */
  mayCreate: boolean;
  /** The remote of the property that a list or view filters on. */
  property?: Json;
};

export type Prepared = {
  id: string;
  state: 'ready' | 'needs_you';
  /**
   * Remember this: names, ids and the marker that makes it ours. A target that is a property of the record says its
   * name as `property`, so that it is read back with every pull: { property: 'segment_sync_rfm', ... }.
   */
  remote: Json;
  /** Made just now, so that no record has a value in it. Else what is there is read before anything is written. */
  made?: boolean;
  /** Another one than we remember on some of the kinds of record that show it: what those showed is gone. */
  isAnotherInPart?: boolean;
  message?: string;
  action?: string;
  /** Files that an admin deploys, by path. */
  bundle?: Record<string, string>;
};

/** The value of a target on one record. */
export type TargetValue = string | string[] | boolean | null;

export type Write =
  | {
      kind: 'properties';
      object: ObjectType;
      id: string;
      /** The record's own kind: contact, lead, person_account, company. */
      recordKind: string;
      /** For ordering against lock errors: the parent company's id in this CRM. */
      parentId?: string | null;
      /** Target id to value; `remotes` of the call tells the names. */
      values: Record<string, TargetValue>;
      /** For systems that only have e-mail as key (CSV). */
      email?: string | null;
    }
  | {
      kind: 'membership';
      object: ObjectType;
      id: string;
      recordKind: string;
      targetId: string;
      member: boolean;
    };

export type Outcome = {
  id: string;
  /** done: acknowledged. gone: the record no longer exists. refused: this row will not pass as it is.
   *  unknown: may or may not have happened, read it back first. */
  state: 'done' | 'gone' | 'refused' | 'unknown';
  code?: string;
  message?: string;
  /** The target at fault, where one is. */
  targetId?: string;
};

/** A task for the owner of a record, made in the CRM. */
export type CrmTask = {
  object: ObjectType;
  recordId: string;
  /** The CRM's own id of the owner, as the record carries it. */
  ownerId: string;
  subject: string;
  /** Plain text, lines by newlines. */
  body: string;
  dueAt: Date;
  /** The same as a day of the tenant, YYYY-MM-DD. */
  dueOn: string;
  /** Stands in the text and nowhere else: the task is found by it. */
  marker: string;
  /** An attempt before may have made it: look for it first. */
  mayExist: boolean;
};

/** At most `batch[kind]` writes, all of one kind, and of one target if memberships. */
export type PushRequest = {
  writes: Write[];
  /** What prepare answered, by target id. */
  remotes: Record<string, Json>;
  /** For work that outlives a call (bulk jobs): the handle committed earlier; null at the start. */
  job: Json;
};

export type PushAnswer =
  | { state: 'done'; outcomes: Outcome[] }
  /** Commit the job, then call again with it. Nothing else is sent meanwhile. */
  | { state: 'waiting'; job: Json; retryAfterMs: number };

/** Something that happened in an account: which records to read again, or whom to erase. A hint, never the truth. */
export type WebhookEvent = {
  /** The CRM's own id of the account. */
  accountId: string;
  object: ObjectType;
  ids: string[];
  what: 'changed' | 'erased';
  /** The property that changed, where it is one: what we wrote ourselves is told to us as well. */
  property: { name: string; value: string | null } | null;
};

/** The same from an account that we listen to. */
export type HeardEvent = Omit<WebhookEvent, 'accountId'>;

/** What a CRM told while we listened. */
export type Heard = {
  events: HeardEvent[];
  /** Commit this with what the events led to; hand it back to go on after them. */
  position: Json;
  /** Something happened that is not among the events: ask for changes. */
  missed: boolean;
  /** What the CRM tells of at all, in its own names. */
  allowed: string[];
};

/** A request from the CRM as it arrived: raw bytes, and the public address that was called. */
export type WebhookRequest = {
  method: string;
  url: string;
  header(name: string): string | undefined;
  body: Buffer;
};

/** With what somebody is sent to the CRM, to allow the app or to sign in. `challenge` is the verifier's, by S256. */
type SentToCrm<Config> = { config: Config; redirectUri: string; state: string; challenge: string };

/** With what they come back. */
type BackFromCrm<Config> = {
  config: Config;
  code: string;
  redirectUri: string;
  verifier: string;
  fetch: typeof fetch;
  signal: AbortSignal;
};

export type Connector<Config = unknown> = {
  key: string;
  name: string;
  config: z.ZodType<Config>;
  auth: 'oauth2' | 'none';
  budgets: Record<string, Budget>;
  /**
   * Rows per call. A push larger than `bulk` rows may be sent as one bulk job; else batches of properties go
   * `inFlight` at a time (1 where left out), each of other records.
   */
  batch: { properties: number; membership: number; bulk?: number; inFlight?: number };
  objects: readonly ObjectType[];
  targets: readonly TargetKind[];
  /** What a connection of this system writes if nobody chose otherwise. */
  defaultTargets: readonly TargetKind[];
  check(context: Context<Config>, needs: CheckNeeds): Promise<CheckItem[]>;
  discover?(context: Context<Config>, object: ObjectType): Promise<Property[]>;
  /** How many live records there are, where the CRM tells it cheaply. */
  size?(context: Context<Config>, object: ObjectType): Promise<number | undefined>;
  /** Absent for destinations that are only written to. */
  pull?(context: Context<Config>, request: PullRequest): AsyncGenerator<Page, void, void>;
  prepare(context: Context<Config>, targets: PrepareTarget[]): Promise<Prepared[]>;
  push(context: Context<Config>, request: PushRequest): Promise<PushAnswer>;
  /** Makes a task, or finds the one with its marker. Rejects where the CRM refuses it. */
  task?(context: Context<Config>, task: CrmTask): Promise<{ id: string }>;
  /** The members of a list or campaign as the CRM has them, page by page. */
  members?(
    context: Context<Config>,
    target: { kind: TargetKind; remote: Json },
  ): AsyncGenerator<string[], void, void>;
  /** How a person authorises us in the browser, and how the code that comes back becomes a token (PKCE S256). */
  authorize?: {
    /** What is asked for; without a `required` one something does not work. */
    scopes: { required: readonly string[]; optional: readonly string[] };
    url(app: OAuthApp, options: SentToCrm<Config>): string;
    exchange(app: OAuthApp, options: BackFromCrm<Config> & { now: Date }): Promise<OAuthSecret>;
    /** Who allowed the app, where the CRM says so; needed to install it with nobody signed in. */
    installer?(
      app: OAuthApp,
      secret: OAuthSecret,
      options: { config: Config; fetch: typeof fetch; signal: AbortSignal },
    ): Promise<Who>;
  };
  /** Signing in by the CRM, where it vouches for a person's address; nothing is stored of it. */
  signIn?: {
    url(app: OAuthApp, options: SentToCrm<Config>): string;
    who(app: OAuthApp, options: BackFromCrm<Config>): Promise<Who>;
  };
  /** Where people open a record; `webUrl` is the address of the account's API, as it was given at authorisation. */
  recordUrl?(
    account: { id: string; webUrl: string | null },
    record: { object: ObjectType; id: string; kind: string },
  ): string | null;
  /** Which account this is: the CRM's own id of it, and a name for people. */
  identify(context: Context<Config>): Promise<{ id: string; name: string }>;
  /** Exchanges a refresh token. Called by the token keeper only, under its lock. */
  refresh?(
    app: OAuthApp,
    secret: OAuthSecret,
    options: { config: Config; fetch: typeof fetch; signal: AbortSignal; now: Date },
  ): Promise<OAuthSecret>;
  /** Ends the refresh token, and with it all that it gives; one that has ended already is as it should be. */
  revoke?(
    app: OAuthApp,
    secret: OAuthSecret,
    options: { config: Config; fetch: typeof fetch; signal: AbortSignal },
  ): Promise<void>;
  /** The CRM's users who may own records, with the id that records carry. None where we may not read them. */
  owners?(context: Context<Config>): Promise<{ id: string; email: string; name: string }[]>;
  /** Absent where values are their own names. */
  dealNames?(context: Context<Config>): Promise<DealNames>;
  /** Rates to the tenant's currency, by currency and, where dated, from which day on. */
  currencies?(
    context: Context<Config>,
  ): Promise<{ home: string | null; rates: { currency: string; rate: string; from: string | null }[] }>;
  /** Where the CRM tells us what happens. Without it, changes are asked for every few minutes. */
  webhook?: {
    /** Is it from the CRM, and fresh? Several secrets while one is being rotated. */
    verify(request: WebhookRequest, secrets: readonly string[], now: Date): boolean;
    parse(body: Buffer): WebhookEvent[];
  };
  /**
   * Where we listen to the CRM rather than being called: hints as they come, until the signal ends it. Changes are
   * asked for as well, more slowly. Rejects with code `changes_not_allowed` where the account tells nothing.
   */
  listen?(context: Context<Config>, options: { position: Json }): AsyncGenerator<Heard, void, void>;
  /**
   * Where the CRM does not call us: which records changed since the last look, in few calls. Without a position the
   * first look, that tells none and says that some were missed.
   */
  look?: {
    /** What a look takes. */
    calls: number;
    ask(context: Context<Config>, options: { position: Json }): Promise<Heard>;
  };
  /** Clears values, or deletes what we made. */
  uninstall?(
    context: Context<Config>,
    options: {
      keep: 'values' | 'nothing';
      remotes: { kind: TargetKind; object: ObjectType; remote: Json }[];
    },
  ): Promise<{ done: string[]; stays: string[] }>;
};
