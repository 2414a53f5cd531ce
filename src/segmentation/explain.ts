import { DateTime } from 'luxon';
import { nameOfColumn } from './attribute-names.ts';
import type { Statement } from './bindings.ts';
import { type CompiledPlans, type CompileRequest, compilePlans } from './compile.ts';
import type { Segmentation } from './definition.ts';
import { isShorterThanDay, parseDuration } from './duration.ts';
import { type Clause, changesOf, sentencesOf, type Truth } from './explain-sentences.ts';
import { type Sketch, sketchSegment } from './explain-sketch.ts';
import { namesOfSegments, type Words } from './explain-words.ts';
import type { Test } from './operators.ts';
import { askedOf } from './threshold-words.ts';
import { showValue } from './value-words.ts';
import { localDay } from './window.ts';

export type SegmentExplanation = {
  segment: string;
  name: string;
  /** Does its condition hold now? */
  holds: boolean;
  /** Is it among the subject's labels, as worked out now? */
  isLabel: boolean;
  /** Since when the label is held; null where it is not, or since before the history began. */
  since: Date | null;
  why: Clause | null;
  /** Why it holds or does not, fit to read. */
  sentences: string[];
  /** What would make it enter, or leave. */
  wouldChange: string[];
  /** Attributes that are missing; nothing else is known of it then. */
  needs: string[];
};

export type Explanation = {
  segmentation: string;
  name: string;
  labels: string[];
  /** As stored before; null where it has no column yet. */
  held: string[] | null;
  scores: Record<string, number | null>;
  segments: SegmentExplanation[];
};

export type LabelChange = { segmentation: string; at: Date; entered: string[]; gone: string[] };

export type ExplainRequest = Omit<CompileRequest, 'restrict'> & {
  /** The subjects. */
  ids: readonly string[];
  currency: string;
};

export type Audience = 'admin' | 'rep';

export type ExplainPlan = Statement & {
  /** Reads a row that the statement yields. Reps do not see values of attributes kept from them. */
  interpret(row: Record<string, unknown>, changes: readonly LabelChange[], audience: Audience): Explanation[];
};

/** One statement that yields a row per subject, with every value and truth needed to explain it in all segmentations. */
export function planExplain(request: ExplainRequest): ExplainPlan {
  const { ids, currency, ...rest } = request;
  const compiled = compilePlans({ ...rest, restrict: { ids } });
  const words: Words = {
    attributes: compiled.attributes,
    calendar: compiled.calendar,
    currency,
    segmentName: namesOfSegments(request.segmentations.map(({ definition }) => definition)),
  };
  const columns = new Map<string, string>();
  const column = (prefix: string, sql: string): string => {
    const name = `${prefix}_${columns.size}`;
    columns.set(name, sql);
    return name;
  };
  const sketches = new Map<string, Sketch>();
  const unmet = new Map(compiled.unmet.map((one) => [`${one.segmentation}.${one.segment}`, one.missing]));
  for (const plan of compiled.plans) {
    for (const [index, segment] of plan.definition.segments.entries()) {
      const name = `${plan.definition.key}.${segment.key}`;
      if (!unmet.has(name)) sketches.set(name, sketchSegment(plan, index, { compiled, words, column }));
    }
  }
  const select = [
    'l.id',
    ...compiled.columns.map((one) => `${one.sql} as ${one.column}`),
    ...compiled.columns.flatMap(({ held }) => (held === null ? [] : [`l.${held}`])),
    ...compiled.scores.map((one) => `l.${one.column}`),
    ...[...columns].map(([name, sql]) => `${sql} as ${name}`),
  ];
  return {
    sql: `select ${select.join(',\n  ')}\nfrom (\n${compiled.nested()}\n) l`,
    values: compiled.base.bindings.values,
    interpret: (row, changes, audience) =>
      request.segmentations.map(({ definition }) =>
        explainOne(definition, { row, changes, audience, words, compiled, sketches, unmet }),
      ),
  };
}

type Reading = {
  row: Record<string, unknown>;
  changes: readonly LabelChange[];
  audience: Audience;
  words: Words;
  compiled: CompiledPlans;
  sketches: Map<string, Sketch>;
  unmet: Map<string, string[]>;
};

function explainOne(definition: Segmentation, reading: Reading): Explanation {
  const { row, compiled } = reading;
  const column = compiled.columns.find((one) => one.segmentation === definition.key);
  const labels = labelList(row[column?.column ?? '']);
  const held = column?.held == null ? null : labelList(row[column.held]);
  const scores = compiled.scores.filter((one) => one.segmentation === definition.key);
  return {
    segmentation: definition.key,
    name: definition.name,
    labels,
    held,
    scores: Object.fromEntries(scores.map(({ score, column }) => [score, numberOrNull(row[column])])),
    segments: definition.segments.map((segment): SegmentExplanation => {
      const name = `${definition.key}.${segment.key}`;
      const needs = reading.unmet.get(name) ?? [];
      const sketch = reading.sketches.get(name);
      const why = sketch === undefined ? null : readClause(sketch, reading);
      const holds = why?.holds === true;
      const isLabel = labels.includes(segment.key);
      return {
        segment: segment.key,
        name: segment.name,
        holds,
        isLabel,
        since:
          isLabel || held?.includes(segment.key)
            ? sinceOf(definition.key, segment.key, reading.changes)
            : null,
        why,
        sentences:
          why === null
            ? [`Needs ${needs.map((one) => nameOfColumn(one, definition.subject)).join(', ')}.`]
            : sentencesOf(why, holds),
        wouldChange: why === null ? [] : changesOf(why, !holds),
        needs,
      };
    }),
  };
}

function readClause(sketch: Sketch, reading: Reading): Clause {
  if (sketch.kind !== 'test') {
    const parts = sketch.parts.map((part) => readClause(part, reading));
    return {
      kind: sketch.kind,
      holds: combine(
        sketch.kind,
        parts.map((part) => part.holds),
      ),
      parts,
    };
  }
  const { topic, row } = { topic: sketch.topic, row: reading.row };
  const truth = row[sketch.truth];
  const holds = typeof truth === 'boolean' ? truth : null;
  const isHidden = reading.audience === 'rep' && !topic.isVisible;
  const raw = sketch.value === null ? null : row[sketch.value];
  const seen = sketch.value === null ? null : showValue(raw, topic, reading.words);
  const score = sketch.score === undefined ? null : numberOrNull(row[sketch.score]);
  const points = sketch.points === undefined ? null : numberOrNull(row[sketch.points]);
  const says = score !== null ? `, a score of ${score}` : points !== null ? `, ${signed(points)} points` : '';
  const value = seen === null ? null : `${seen}${says}`;
  const isAhead = sketch.test !== null && isLater(raw, reading.words);
  const asked =
    sketch.test !== null && isAhead
      ? askedOf(sketch.test, topic, reading.words, sketch.cut ?? null, isAhead)
      : sketch;
  return {
    kind: 'test',
    ...(sketch.isFact && { isFact: true }),
    ...(sketch.isFixed && { isFixed: true }),
    holds,
    about: reading.audience === 'rep' ? topic.name : (topic.openName ?? topic.name),
    threshold: isHidden ? hiddenThreshold(holds) : asked.threshold,
    ...(asked.opposite !== undefined && !isHidden && { opposite: asked.opposite }),
    value: isHidden ? null : value,
    turnsOn: sketch.test === null ? null : turningDay(sketch.test, raw, holds, reading.words),
  };
}

/** Is it a day after today? */
const isLater = (value: unknown, { calendar }: Words): boolean =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\d/.test(value) && value.slice(0, 10) > localDay(calendar);

/** +12, -3, +0. */
const signed = (points: number): string => `${points < 0 ? '-' : '+'}${Math.abs(Math.round(points))}`;

function hiddenThreshold(holds: Truth): string {
  if (holds === null) return 'is not known';
  return holds ? 'within the threshold' : 'outside the threshold';
}

function combine(kind: 'all' | 'any' | 'not', parts: Truth[]): Truth {
  if (kind === 'not') return parts[0] === null || parts[0] === undefined ? null : !parts[0];
  const decisive = kind === 'any';
  if (parts.includes(decisive)) return decisive;
  return parts.includes(null) ? null : !decisive;
}

/** When a window of days that ends now will have passed over the value. */
function turningDay(test: Test, value: unknown, holds: Truth, { calendar }: Words): string | null {
  if (test.operator !== 'inLast' && test.operator !== 'notInLast') return null;
  if (holds !== (test.operator === 'inLast') || typeof value !== 'string' || isShorterThanDay(test.operand))
    return null;
  const { amount, unit } = parseDuration(test.operand);
  const day = DateTime.fromISO(value, { zone: calendar.zone }).startOf('day');
  return day
    .plus({ [unit]: amount })
    .plus({ days: 1 })
    .toISODate();
}

function sinceOf(segmentation: string, segment: string, changes: readonly LabelChange[]): Date | null {
  const entries = changes.filter(
    (change) => change.segmentation === segmentation && change.entered.includes(segment),
  );
  return entries.reduce<Date | null>(
    (latest, { at }) => (latest === null || at > latest ? at : latest),
    null,
  );
}

function labelList(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String);
  return typeof value === 'string' ? [value] : [];
}

function numberOrNull(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}
