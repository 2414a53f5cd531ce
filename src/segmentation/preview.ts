import { z } from 'zod';
import { onlyUsed, type Statement } from './bindings.ts';
import { type CompileRequest, compilePlans, type Plan } from './compile.ts';
import { compileCondition } from './compile-condition.ts';
import type { Condition } from './condition.ts';
import { inWords, namesOfSegments, type Words } from './explain-words.ts';
import type { Unmet } from './requirements.ts';

export type PreviewRequest = Omit<CompileRequest, 'subject' | 'segmentations'> & {
  plan: Plan;
  /** Others that its conditions build on, of the same subject. */
  others?: readonly Plan[];
  currency: string;
  /** Ids of so many members of each segment; none where left out. */
  samples?: number;
};

export type RulePreview = {
  /** The rule in words. */
  rule: string;
  /** How many are left after this rule and those before it; for alternatives, how many it holds for. */
  kept: number;
  /** How many this rule took away from those before it; for alternatives, how many it does not hold for. */
  dropped: number;
  /** Of the dropped, those for whom a value is not known. */
  unknown: number;
};

export type SegmentPreview = {
  segment: string;
  size: number;
  share: number;
  rules: RulePreview[];
  needs: string[];
  /** What nothing feeds of conditions that are passed over, as the others tell who is in it. */
  passedOver: string[];
  /** Ids of a few members, the oldest first. */
  members: string[];
};

export type Preview = { subjects: number; unlabelled: number; segments: SegmentPreview[] };

export type PreviewPlan = Statement & {
  /** Reads the one row of the statement. */
  interpret(row: Record<string, unknown>): Preview;
};

const Members = z
  .array(z.string())
  .nullable()
  .transform((ids) => ids ?? []);

type RuleColumns = { rule: string; before: string | null; kept: string; unknown: string };

/**
 * Sizes of one segmentation before it is published, and what each rule keeps and drops, as one row of counts. Rules
 * are the parts of a segment's outermost `all` or `any`. People who object to profiling are not counted.
 */
export function planPreview(request: PreviewRequest): PreviewPlan {
  const { plan, others = [], currency, samples = 0, ...rest } = request;
  const { definition } = plan;
  const compiled = compilePlans({ ...rest, subject: definition.subject, segmentations: [plan, ...others] });
  const words: Words = {
    attributes: compiled.attributes,
    calendar: compiled.calendar,
    currency,
    segmentName: namesOfSegments([plan, ...others].map((one) => one.definition)),
  };
  const scope = compiled.scopeOf(plan);
  const { bindings } = compiled.base;
  const counts = ['count(*) as subjects'];
  const column = (sql: string): string => {
    const name = `n_${counts.length}`;
    counts.push(`count(*) filter (where ${sql}) as ${name}`);
    return name;
  };

  const labels = compiled.columns.find((one) => one.segmentation === definition.key);
  if (labels === undefined) throw new Error(`no label column for ${definition.key}`);
  const bySegment = (of: readonly Unmet[]): Map<string, string[]> =>
    new Map(of.filter((one) => one.segmentation === definition.key).map((one) => [one.segment, one.missing]));
  const unmet = bySegment(compiled.unmet);
  const passedOver = bySegment(compiled.passedOver);
  const segments = definition.segments.map((segment, index) => {
    const key = bindings.bind(segment.key, 'text');
    const holds = definition.labels === 'one' ? `l.label = ${key}` : `l.label @> array[${key}]`;
    const size = column(holds);
    const members = samples === 0 ? null : `m_${counts.length}`;
    if (members !== null) {
      const ids = `array_agg(l.id::text order by l.id) filter (where ${holds})`;
      counts.push(`(${ids})[1:${Math.trunc(samples)}] as ${members}`);
    }
    const isMet = !unmet.has(segment.key);
    const when = definition.method === 'rules' && isMet ? definition.segments[index]?.when : undefined;
    return { key: segment.key, size, members, rules: when === undefined ? [] : ruleColumns(when) };
  });
  const unlabelled = column(definition.labels === 'one' ? 'l.label is null' : `l.label = '{}'`);

  function ruleColumns(when: Condition): RuleColumns[] {
    const isFunnel = 'all' in when;
    const parts = 'all' in when ? when.all : 'any' in when ? when.any : [when];
    let before: { sql: string; column: string } | null = null;
    return parts.map((part) => {
      const known = compiled.told(part, definition.subject);
      const own = known === null ? 'null::boolean' : compileCondition(known, scope);
      const sql: string = isFunnel && before !== null ? `${before.sql} and ${own}` : own;
      const unknown = column(`${isFunnel && before !== null ? `${before.sql} and ` : ''}(${own}) is null`);
      const kept = column(sql);
      const result = {
        rule: inWords(part, definition.subject, words),
        before: before?.column ?? null,
        kept,
        unknown,
      };
      if (isFunnel) before = { sql, column: kept };
      return result;
    });
  }

  const gates = ['no_profiling', 'no_processing'].filter(
    (key) => definition.subject === 'person' && compiled.attributes.get('person', key) !== undefined,
  );
  const allowed = gates.map((key) => `${compiled.base.own(key).sql} is not true`).join(' and ');
  return {
    ...onlyUsed({
      sql: `select ${counts.join(',\n  ')}
from (
select l.*, ${labels.sql} as label
from (\n${compiled.nested()}\n) l${allowed === '' ? '' : `\nwhere ${allowed}`}
offset 0
) l`,
      values: bindings.values,
    }),
    interpret(row) {
      const read = (name: string): number => Number(row[name]);
      const subjects = read('subjects');
      return {
        subjects,
        unlabelled: read(unlabelled),
        segments: segments.map(({ key, size, members, rules }) => ({
          segment: key,
          size: read(size),
          share: subjects === 0 ? 0 : read(size) / subjects,
          needs: unmet.get(key) ?? [],
          passedOver: passedOver.get(key) ?? [],
          members: members === null ? [] : Members.parse(row[members]),
          rules: rules.map(({ rule, before, kept, unknown }) => ({
            rule,
            kept: read(kept),
            dropped: (before === null ? subjects : read(before)) - read(kept),
            unknown: read(unknown),
          })),
        })),
      };
    },
  };
}
