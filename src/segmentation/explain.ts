import { DateTime } from 'luxon';
import type { Statement } from './bindings.ts';
import { type CompiledPlans, type CompileRequest, compilePlans, type Plan } from './compile.ts';
import { compileCondition, compileOne, leafOf, type Scope } from './compile-condition.ts';
import { compileMeasure } from './compile-scores.ts';
import type { Condition } from './condition.ts';
import type { Measure, Segmentation } from './definition.ts';
import { isShorterThanDay, parseDuration } from './duration.ts';
import { dealTopic, showValue, type Topic, thresholdOf, topicOf, type Words } from './explain-words.ts';
import { sketchCluster } from './methods/cluster-compile.ts';
import { sketchLookalike } from './methods/lookalike.ts';
import { sketchPurchases, tierThreshold } from './methods/purchase-explain.ts';
import { scorecardModel } from './methods/scorecard-compile.ts';
import { sketchScorecard } from './methods/scorecard-explain.ts';
import { type Test, testsOf } from './operators.ts';

/** true, false, or null where a value that it needs is not known. */
export type Truth = boolean | null;

/** A condition with what was seen. */
export type Clause =
  | { kind: 'all' | 'any' | 'not'; holds: Truth; parts: Clause[] }
  | {
      kind: 'test';
      /** Something worth knowing beside what decides: it always holds. */
      isFact?: true;
      holds: Truth;
      /** What is compared: `Revenue`. */
      about: string;
      /** What is asked for: `at least 1,000 EUR`; to reps `above the threshold` where they may not see it. */
      threshold: string;
      /** What was seen; null where the reader may not see it. */
      value: string | null;
      /** The day (YYYY-MM-DD) on which time alone turns it round. */
      turnsOn: string | null;
    };

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

/** A clause before the row is known: names of the columns that carry its value and its truth. */
export type Sketch =
  | { kind: 'all' | 'any' | 'not'; parts: Sketch[] }
  | {
      kind: 'test';
      isFact?: true;
      topic: Topic;
      threshold: string;
      test: Test | null;
      value: string | null;
      /** A score from 1 to 5 that the value was given. */
      score?: string;
      truth: string;
    };

/** One statement that yields a row per subject, with every value and truth needed to explain it in all segmentations. */
export function planExplain(request: ExplainRequest): ExplainPlan {
  const { ids, currency, ...rest } = request;
  const compiled = compilePlans({ ...rest, restrict: { ids } });
  const words: Words = { attributes: compiled.attributes, calendar: compiled.calendar, currency };
  const columns = new Map<string, string>();
  const column = (prefix: string, sql: string): string => {
    const name = `${prefix}_${columns.size}`;
    columns.set(name, sql);
    return name;
  };
  const sketches = new Map<string, Sketch>();
  const unmet = new Map(compiled.unmet.map((one) => [`${one.segmentation}.${one.segment}`, one.missing]));
  for (const plan of request.segmentations) {
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

export type Drawing = { compiled: CompiledPlans; words: Words; column(prefix: string, sql: string): string };

function sketchSegment(plan: Plan, index: number, drawing: Drawing): Sketch {
  const { definition } = plan;
  const scope = drawing.compiled.scopeOf(plan);
  if (definition.method === 'rules') {
    const segment = definition.segments[index];
    if (segment === undefined) throw new Error('no such segment');
    return sketchCondition(segment.when, scope, drawing, false);
  }
  const truth = drawing.column('t', drawing.compiled.conditionOf(plan, index));
  if (definition.method === 'lifetime_value' || definition.method === 'churn')
    return sketchPurchases(definition, plan, index, scope, drawing, truth);
  if (definition.method === 'scorecard') {
    const model = scorecardModel(definition, plan.model);
    return sketchScorecard(definition, model, index, scope, drawing, truth);
  }
  if (definition.method === 'lookalike')
    return sketchLookalike(definition, plan, index, scope, drawing, truth);
  if (definition.method === 'clusters') return sketchCluster(definition, plan, index, scope, drawing, truth);
  if (definition.method === 'tiers') {
    const cutPoints = plan.model?.method === 'tiers' ? plan.model.cutPoints : {};
    const topic = measureTopic(definition.of, definition.subject, drawing.words);
    const value = drawing.column('v', `to_json(${compileMeasure(definition.of, scope).sql})`);
    return {
      kind: 'test',
      topic,
      threshold: tierThreshold(definition, index, cutPoints, topic, drawing.words),
      test: null,
      value,
      truth,
    };
  }
  return sketchRfm(plan, index, scope, drawing);
}

function sketchRfm(plan: Plan, index: number, scope: Scope, { words, column }: Drawing): Sketch {
  if (plan.definition.method !== 'rfm') throw new Error('not an RFM segmentation');
  const { definition } = plan;
  const areas = definition.segments[index]?.areas ?? [];
  const parts = areas.map((area): Sketch => {
    const ranges = [
      { score: 'recency', range: area.r },
      { score: 'frequency', range: area.f },
      { score: 'monetary', range: area.m },
    ] as const;
    const tests = ranges.flatMap(({ score, range }): Sketch[] => {
      if (range === undefined) return [];
      const topic = measureTopic(definition[score], definition.subject, words);
      const sql = scope.score(`${definition.key}.${score}`);
      const truth = column('t', `${sql} between ${range[0]} and ${range[1]}`);
      const value = column('v', `to_json(${compileMeasure(definition[score], scope).sql})`);
      const asked = `a score of ${scoreWords(range)}`;
      const given = column('s', sql);
      return [{ kind: 'test', topic, threshold: asked, test: null, value, score: given, truth }];
    });
    return { kind: 'all', parts: tests };
  });
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { kind: 'any', parts };
}

function measureTopic(measure: Measure, subject: 'person' | 'company', words: Words): Topic {
  if (typeof measure === 'string') return topicOf({ attribute: measure, known: true }, subject, words);
  if ('score' in measure) return topicOf({ score: measure.score, known: true }, subject, words);
  return dealTopic(measure.deals, words);
}

function sketchCondition(condition: Condition, scope: Scope, drawing: Drawing, inCompany: boolean): Sketch {
  const inner = (part: Condition): Sketch => sketchCondition(part, scope, drawing, inCompany);
  if ('all' in condition) return { kind: 'all', parts: condition.all.map(inner) };
  if ('any' in condition) return { kind: 'any', parts: condition.any.map(inner) };
  if ('not' in condition) return { kind: 'not', parts: [inner(condition.not)] };
  if ('company' in condition) return sketchCondition(condition.company, scope, drawing, true);
  if ('segment' in condition) {
    const sql = compileCondition(inCompany ? { company: condition } : condition, scope);
    const truth = drawing.column('t', sql);
    const topic: Topic = {
      name: inCompany ? 'segment of the company' : 'segment',
      type: 'text',
      isVisible: true,
    };
    return { kind: 'test', topic, threshold: condition.segment, test: null, value: null, truth };
  }
  const leaf = leafOf(condition, scope, inCompany);
  if (leaf === null) throw new Error('not a leaf');
  const owner = inCompany ? 'company' : scope.base.subject;
  const topic = topicOf(condition, owner, drawing.words);
  const value = drawing.column('v', `to_json(${leaf.operand.sql})`);
  const tests = testsOf(leaf.comparison).map((test): Sketch => {
    const truth = drawing.column('t', compileOne(leaf.operand, test, scope, leaf.cutName));
    const threshold = thresholdOf(
      test,
      topic.type,
      drawing.words,
      scope.cutPoints[leaf.cutName(test)] ?? null,
    );
    return { kind: 'test', topic, threshold, test, value, truth };
  });
  const [only] = tests;
  return tests.length === 1 && only !== undefined ? only : { kind: 'all', parts: tests };
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
        sentences: why === null ? [`Needs ${needs.join(', ')}.`] : sentencesOf(why, holds),
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
  const seen = sketch.value === null ? null : showValue(raw, topic.type, reading.words);
  const score = sketch.score === undefined ? null : numberOrNull(row[sketch.score]);
  const value = score === null || seen === null ? seen : `${seen}, a score of ${score}`;
  return {
    kind: 'test',
    ...(sketch.isFact && { isFact: true }),
    holds,
    about: topic.name,
    threshold: isHidden ? hiddenThreshold(holds) : sketch.threshold,
    value: isHidden ? null : value,
    turnsOn: sketch.test === null ? null : turningDay(sketch.test, raw, holds, reading.words),
  };
}

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

/** The tests that decided: for a true `any` the true ones, for a false `all` the others, and so on. */
function deciding(clause: Clause, wanted: boolean): Extract<Clause, { kind: 'test' }>[] {
  if (clause.kind === 'test')
    return (clause.holds === true) === wanted || clause.holds === null ? [clause] : [];
  if (clause.kind === 'not') return clause.parts.flatMap((part) => deciding(part, !wanted));
  const parts = clause.parts.filter(
    (part) => (part.holds === true) === wanted || (!wanted && part.holds === null),
  );
  return parts.flatMap((part) => deciding(part, wanted));
}

function sentencesOf(why: Clause, holds: boolean): string[] {
  return [...new Set(deciding(why, holds).map(sentence))];
}

function sentence({ about, threshold, value, holds }: Extract<Clause, { kind: 'test' }>): string {
  const subject = about.charAt(0).toUpperCase() + about.slice(1);
  if (value === null) {
    if (about.startsWith('segment')) return `${holds ? 'Is in' : 'Is not in'} ${about} ${threshold}.`;
    return `${subject} ${predicate(threshold)}.`;
  }
  if (holds !== true) return `${subject}: ${value} (needed: ${threshold}).`;
  if (value.endsWith(threshold)) return `${subject}: ${value}.`;
  return `${subject}: ${value} (${threshold}).`;
}

/** What to change so that the whole becomes `target`, as one sentence; none where nothing that we know would. */
function changesOf(why: Clause, target: boolean): string[] {
  const way = wayTo(why, target);
  return way === null ? [] : [`Would ${target ? 'enter' : 'leave'} once ${way.text}.`];
}

type Way = { text: string; isChoice: boolean };

/** What has to happen so that a clause becomes `target`. */
function wayTo(clause: Clause, target: boolean): Way | null {
  if ((clause.holds === true) === target) return null;
  if (clause.kind === 'test') return clause.isFact ? null : { text: change(clause, target), isChoice: false };
  const wanted = clause.kind === 'not' ? !target : target;
  const ways = clause.parts.flatMap((part) => wayTo(part, wanted) ?? []);
  const [first, ...rest] = [...new Map(ways.map((way) => [way.text, way])).values()];
  if (first === undefined || rest.length === 0) return first ?? null;
  const needsAll = clause.kind === 'not' || (clause.kind === 'all') === target;
  const all = [first, ...rest];
  if (!needsAll) return { text: all.map(({ text }) => text).join(', or '), isChoice: true };
  const texts = all.map(({ text, isChoice }) => (isChoice ? `either ${text}` : text));
  return { text: texts.join(', and '), isChoice: false };
}

function change(
  { about, threshold, value, turnsOn }: Extract<Clause, { kind: 'test' }>,
  target: boolean,
): string {
  if (about.startsWith('segment'))
    return `${about === 'segment' ? 'they are' : 'their company is'} ${target ? '' : 'no longer '}in ${threshold}`;
  const lower = /^[A-Z][a-z ]/.test(about) ? about.charAt(0).toLowerCase() + about.slice(1) : about;
  const subject = about.includes(' of ') ? `the ${lower}` : lower;
  if (turnsOn !== null)
    return `${subject} (${value ?? 'as it is'}) is too long ago, which it is from ${turnsOn} on`;
  const now = value === null ? '' : ` (now ${value})`;
  if (threshold.endsWith('the threshold')) return `${subject} ${target ? 'reaches' : 'leaves'} the threshold`;
  const phrase = target ? predicate(threshold) : negated(predicate(threshold));
  return `${subject} ${isPlural(about) ? plural(phrase) : phrase}${now}`;
}

const plural = (phrase: string): string =>
  phrase.replace(/^is /, 'are ').replace(/^(no longer )?gets /, '$1get ');

/** `Purchases`, `Open tickets`; not `Status`, not `number of won deals`. */
const isPlural = (about: string): boolean => /[^sui]s$/.test(about) && !about.includes(' of ');

/** 3 to 4 is 3 or 4. */
function scoreWords([from, to]: readonly [number, number]): string {
  if (from === to) return String(from);
  return to === from + 1 ? `${from} or ${to}` : `${from} to ${to}`;
}

/** `at least 3` -> `is at least 3`; what begins with a verb stays. */
function predicate(threshold: string): string {
  if (threshold.startsWith('a score of ')) return `gets ${threshold}`;
  return /^(is|contains|starts|ends|includes|comes|came) /.test(threshold) ? threshold : `is ${threshold}`;
}

/** `is at least 3` -> `is no longer at least 3`; `is not known` -> `is known`. */
function negated(phrase: string): string {
  if (phrase.startsWith('is not ')) return `is ${phrase.slice('is not '.length)}`;
  if (phrase.startsWith('is none of ')) return `is one of ${phrase.slice('is none of '.length)}`;
  return phrase.startsWith('is ') ? `is no longer ${phrase.slice('is '.length)}` : `no longer ${phrase}`;
}

function labelList(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String);
  return typeof value === 'string' ? [value] : [];
}

function numberOrNull(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}
