import { z } from 'zod';
import type { Json } from '../../../connectors/contract.ts';
import { SubjectType } from '../../model/attribute.ts';
import type { Restriction } from '../../segmentation/compile-base.ts';
import { clearDirtySubjects, takeDirtySubjects } from '../../store/dirty-push.ts';
import { ensureMonths } from '../../store/partitions.ts';
import { type Queryable, transaction } from '../../store/pool.ts';
import { previousRun } from '../../store/runs.ts';
import { tidyTables } from '../../store/tidy.ts';
import { type Plans, readPlans } from '../publish/plans.ts';
import { storeBaselines } from '../review/baselines.ts';
import type { SliceResult, StageContext } from '../stage.ts';
import { nextRanges } from './key-ranges.ts';
import { clearStatement, type LabelRun, labelStatement, refusingStatement } from './label-statement.ts';
import { storeSizes } from './sizes.ts';
import { firstSpan, nextSpan } from './span.ts';

/**
 * A statement is to take no longer than this: an embedded database does one at a time, and all others wait. On a
 * server only a slice waits, and two ranges are labelled at once, as a statement that writes uses one core there.
 */
const PACE = {
  embedded: { longestMs: 200, atOnce: 1 },
  server: { longestMs: 1_000, atOnce: 2 },
} as const;
const NOTED_AT_ONCE = 1_000;

/** Companies come first: people may be labelled by their company's segments. */
const SUBJECTS = ['company', 'person'] as const;

const Position = z.object({
  subject: SubjectType.default('company'),
  /** The last id done. */
  after: z.string().default('0'),
  /** Of the next statement; left out, that of the first one. */
  span: z.number().optional(),
});

type Counts = Record<string, number>;

/** Labels all companies, then all people, one key range after the other; in a refresh only those that were noted. */
export async function labelSlice(work: StageContext, position: Json): Promise<SliceResult> {
  const counts: Counts = {};
  const plans = await readPlans(work.pool, work.tenant, work.run);
  const run = await labelRun(work);
  await ensureMonths(work.pool, work.tenant, work.run.asOf);
  if (work.run.options.dirtyOnly) return labelNoted(work, plans, run, counts);

  const state = Position.parse(position ?? {});
  if (state.subject === 'company' && state.after === '0') {
    for (const { segmentation, reason } of plans.waiting) {
      work.log.warn({ segmentation, reason }, 'segmentation keeps its present labels');
      counts.waiting = (counts.waiting ?? 0) + 1;
    }
  }
  const { longestMs, atOnce } = PACE[work.pool.kind];
  const first = firstSpan(run, work.pool.kind);
  while (performance.now() < work.deadline && !work.signal.aborted) {
    const span = state.span ?? first;
    const table = `${work.tenant.schema}.${state.subject}`;
    const ranges = await nextRanges(work.pool, table, { after: state.after, span }, atOnce);
    const last = ranges.at(-1);
    if (last === undefined) {
      const next = SUBJECTS[SUBJECTS.indexOf(state.subject) + 1];
      if (next === undefined) {
        await tidyTables(work.pool, work.tenant);
        if (run.countSizes) await storeSizes(work.pool, work.tenant, work.run.asOf);
        return { position: state, done: await storeBaselines(work), counts };
      }
      if (next === 'person') await clearRefusing(work, plans, run, counts);
      Object.assign(state, { subject: next, after: '0', span: first });
      continue;
    }
    const started = performance.now();
    await Promise.all(
      ranges.map((range) => labelSubjects(work, plans, run, state.subject, range, counts, range.size)),
    );
    const tookMs = performance.now() - started;
    state.after = last.to;
    state.span = nextSpan(span, tookMs, longestMs);
  }
  return { position: state, done: false, counts };
}

/** What this run has in common with the last one decides the causes, and what is stored now and then. */
async function labelRun(work: StageContext): Promise<LabelRun> {
  const last = await previousRun(work.pool, work.tenant, work.run.id, { full: false });
  const lastFull = await previousRun(work.pool, work.tenant, work.run.id, { full: true });
  const changedBy = new Map<string, 'definition' | 'model'>();
  for (const [key, now] of Object.entries(work.run.pins)) {
    const before = lastFull?.pins[key];
    if (before?.definition !== now.definition) changedBy.set(key, 'definition');
    else if (before.model !== now.model) changedBy.set(key, 'model');
  }
  // An ISO instant begins with its day, then its hour.
  const isNew = (length: number) =>
    lastFull?.asOf.toISOString().slice(0, length) !== work.run.asOf.toISOString().slice(0, length);
  const isFull = !work.run.options.dirtyOnly;
  return {
    runId: work.run.id,
    changedBy,
    since: last?.startedAt ?? new Date(0),
    storeScores: isFull && (isNew('2026-01-01'.length) || changedBy.size > 0),
    countSizes: isFull && (isNew('2026-01-01T00'.length) || changedBy.size > 0),
  };
}

const REFUSING_AT_ONCE = 5_000;

/**
 * Takes the labels of all who may not be profiled any more, found in one look at everybody: they are few, and the
 * statements that label leave them out.
 */
async function clearRefusing(work: StageContext, plans: Plans, run: LabelRun, counts: Counts): Promise<void> {
  const find = refusingStatement(plans, REFUSING_AT_ONCE);
  while (find !== null) {
    const { rows } = await work.pool.query<{ ids: string[] }>(find);
    const ids = rows[0]?.ids ?? [];
    if (ids.length > 0) {
      await transaction(work.pool, async (client) => {
        await work.checkFence(client);
        const clear = clearStatement(plans, { ids }, run.runId);
        const cleared = clear ? await client.query<{ changed: string[] }>(clear.sql, clear.values) : null;
        count(counts, 'person.changed', cleared?.rows[0]?.changed.length ?? 0);
      });
    }
    if (ids.length < REFUSING_AT_ONCE) return;
  }
}

/** Labels the subjects, which are `seen` many; `also` is told the ids whose labels changed. */
async function labelSubjects(
  work: StageContext,
  plans: Plans,
  run: LabelRun,
  subject: SubjectType,
  restrict: Exclude<Restriction, 'all'>,
  counts: Counts,
  seen: number,
  also: (client: Queryable, changed: string[]) => Promise<void> = async () => undefined,
): Promise<void> {
  const own = plans.plans.filter(({ definition }) => definition.subject === subject);
  await transaction(work.pool, async (client) => {
    await work.checkFence(client);
    const changed: string[] = [];
    // In a full run clearRefusing has been there before.
    const clear =
      subject === 'person' && 'ids' in restrict ? clearStatement(plans, restrict, run.runId) : null;
    if (clear) {
      const { rows } = await client.query<{ changed: string[] }>(clear.sql, clear.values);
      for (const id of rows[0]?.changed ?? []) changed.push(id);
    }
    if (own.length > 0) {
      const { sql, values } = labelStatement(plans, own, subject, restrict, run);
      const { rows } = await client.query<{ changed: string[] }>(sql, values);
      for (const id of rows[0]?.changed ?? []) changed.push(id);
      count(counts, `${subject}.seen`, seen);
    }
    count(counts, `${subject}.changed`, changed.length);
    await also(client, changed);
  });
}

/** Labels what was noted, and notes it for push; a company's people follow where its labels changed. */
async function labelNoted(
  work: StageContext,
  plans: Plans,
  run: LabelRun,
  counts: Counts,
): Promise<SliceResult> {
  const { schema } = work.tenant;
  for (;;) {
    if (performance.now() >= work.deadline || work.signal.aborted)
      return { position: null, done: false, counts };
    const noted = await takeDirtySubjects(work.pool, work.tenant, 'label', NOTED_AT_ONCE);
    if (noted.length === 0) return { position: null, done: true, counts };
    // Ordered by name, companies come before deals and people.
    const subject = noted[0]?.subject ?? 'person';
    const same = noted.filter((row) => row.subject === subject);
    const ids = same.map(({ id }) => id);
    if (subject === 'deal') {
      await clearDirtySubjects(work.pool, work.tenant, 'label', same);
      continue;
    }
    await labelSubjects(work, plans, run, subject, { ids }, counts, ids.length, async (client, changed) => {
      await clearDirtySubjects(client, work.tenant, 'label', same);
      await client.query(
        `insert into ${schema}.dirty_subject (stage, subject, id)
         select 'push', $1, id from unnest($2::bigint[]) as i (id) group by id on conflict do nothing`,
        [subject, ids],
      );
      if (subject !== 'company' || changed.length === 0) return;
      await client.query(
        `insert into ${schema}.dirty_subject (stage, subject, id)
         select 'label', 'person', id from ${schema}.person where company_id = any($1::bigint[])
         on conflict do nothing`,
        [changed],
      );
    });
  }
}

function count(counts: Counts, name: string, value: number): void {
  if (value > 0) counts[name] = (counts[name] ?? 0) + value;
}
