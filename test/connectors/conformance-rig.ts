import { afterEach, expect } from 'vitest';
import type { memoryContext } from '../../connectors/context.ts';
import type {
  Connector,
  Json,
  Outcome,
  Page,
  Prepared,
  PrepareTarget,
  PullMode,
  TargetValue,
  Write,
} from '../../connectors/contract.ts';
import type { FaultPlan } from '../../sandbox/faults.ts';
import type { ObjectType, SourceRecord } from '../../src/model/record.ts';

/** Records to fill a CRM with, in no CRM's words. Contact i belongs to company i modulo companies; deal i to contact i. */
export type RigSeed = {
  contacts: number;
  companies: number;
  deals: number;
  /** All records changed at this one instant; else a minute apart. */
  sameTime?: string;
};

/** One CRM account over real HTTP (or a folder), with a back door for the test. */
export type Rig = {
  connector: Connector;
  context(options?: { signal?: AbortSignal }): ReturnType<typeof memoryContext>;
  /** The property that the test edits and reads, by object. */
  property: Record<ObjectType, string>;
  ids(object: ObjectType): string[];
  /** Behind the API's back. */
  edit(object: ObjectType, id: string, value: string): void | Promise<void>;
  create(object: ObjectType, value: string): string | Promise<string>;
  remove(object: ObjectType, id: string): void | Promise<void>;
  /** Moves a contact to another company (a deal to another contact where there are no companies). */
  relink(
    id: string,
  ):
    | { object: ObjectType; to: ObjectType; toId: string }
    | Promise<{ object: ObjectType; to: ObjectType; toId: string }>;
  /** The survivor's id. */
  merge?(object: ObjectType, primary: string, other: string): string;
  /** What the CRM itself shows for a target on a record; null for no value. */
  shown(remote: Json, object: ObjectType, id: string): TargetValue | Promise<TargetValue>;
  /** A field of the name that we would use, made by somebody else. Its present definition, to compare. */
  foreign?: { make(target: PrepareTarget): void | Promise<void>; read(target: PrepareTarget): unknown };
  faults?(plan: FaultPlan): void;
  /** Moves the account's clock and ours. */
  advance?(ms: number): void;
  /** Writes that the CRM has seen. */
  writes(): number;
  /** Rules of the CRM that we broke, and answers that told us to slow down. */
  broken(): { rules: unknown[]; throttled: number };
  stop(): Promise<void>;
};

export type Abilities = {
  seed: RigSeed;
  objects: ObjectType[];
  /** Does `deleted` find deletions? Else they are found by reading all ids. */
  findsDeletes: boolean;
  /** How many records to share one timestamp. */
  sameTime?: number;
  /** Regular expressions over "METHOD /path" for faults. */
  calls?: { read: string; search: string; write: string };
  /** The target that the tests write labels to. */
  target: PrepareTarget['kind'];
  many: boolean;
};

export const TARGET_ID = 'target-1';

export const labelTarget = (
  kind: PrepareTarget['kind'],
  more: Partial<PrepareTarget> = {},
): PrepareTarget => ({
  id: TARGET_ID,
  kind,
  object: 'contact',
  segmentation: { key: 'value_tiers', name: 'Value tiers', labels: 'one' },
  segments: [
    { key: 'gold', name: 'Gold' },
    { key: 'silver', name: 'Silver' },
  ],
  remote: null,
  mayCreate: true,
  ...more,
});

export const pages = async (
  rig: Rig,
  object: ObjectType,
  mode: PullMode,
  cursor: Json = null,
  more: { ids?: string[]; context?: ReturnType<Rig['context']> } = {},
): Promise<Page[]> => {
  const { connector } = rig;
  if (!connector.pull) throw new Error(`${connector.key} is only written to`);
  const all: Page[] = [];
  const request = {
    object,
    mode,
    cursor,
    properties: [rig.property[object]],
    ids: more.ids?.map((id) => ({ id, kind: object })),
  };
  for await (const page of connector.pull(more.context ?? rig.context(), request)) {
    // What is committed is JSON: a cursor must survive it.
    all.push({ ...page, cursor: JSON.parse(JSON.stringify(page.cursor)) });
  }
  return all;
};

export const recordsOf = (read: Page[]) => read.flatMap((page) => page.records);

/** The last state of each record by id, as a store would hold it. */
export const byId = (records: SourceRecord[]) => {
  const held = new Map<string, SourceRecord>();
  for (const record of records) {
    const before = held.get(record.id);
    if (!before || before.updatedAt <= record.updatedAt) held.set(record.id, record);
  }
  return held;
};

export const sorted = (records: SourceRecord[]) =>
  [...byId(records).values()].sort((a, b) => (a.id < b.id ? -1 : 1));

export const prepareOne = async (rig: Rig, target: PrepareTarget): Promise<Prepared> => {
  const [prepared] = await rig.connector.prepare(rig.context(), [target]);
  if (!prepared) throw new Error('prepare answered nothing');
  return prepared;
};

export const push = async (rig: Rig, writes: Write[], remotes: Record<string, Json>): Promise<Outcome[]> => {
  const context = rig.context();
  let job: Json = null;
  for (;;) {
    const answer = await rig.connector.push(context, { writes, remotes, job });
    if (answer.state === 'done') return answer.outcomes;
    job = answer.job;
    await new Promise((resolve) => setTimeout(resolve, answer.retryAfterMs));
  }
};

export const label = (id: string, value: TargetValue): Write => ({
  kind: 'properties',
  object: 'contact',
  id,
  recordKind: 'contact',
  values: { [TARGET_ID]: value },
  email: `${id}@example.com`,
});

export const stateOf = (outcomes: Outcome[]) =>
  Object.fromEntries(outcomes.map(({ id, state }) => [id, state]));

/** What the tests of a connector stand on. `rigOf`: a fresh account, closed after the test. */
export type Suite = {
  can: Abilities;
  start(seed: RigSeed): Promise<Rig>;
  rigOf(seed?: Partial<RigSeed>): Promise<Rig>;
};

/** To be called inside a describe: what it opens is closed after each test of it. */
export function suiteOf(start: Suite['start'], can: Abilities): Suite {
  const open: Rig[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((rig) => rig.stop()));
  });
  const rigOf: Suite['rigOf'] = async (seed = {}) => {
    const rig = await start({ ...can.seed, ...seed });
    open.push(rig);
    return rig;
  };
  return { can, start, rigOf };
}

export const expectNoBrokenRules = (rig: Rig) => expect(rig.broken()).toEqual({ rules: [], throttled: 0 });
