import { DateTime } from 'luxon';
import type { SubjectType } from '../../model/attribute.ts';
import type { LabelColumn, Plan } from '../../segmentation/compile.ts';
import { parseDuration } from '../../segmentation/duration.ts';

/** A segment that keeps its label for a while: from those who entered it after `since`, an ISO instant. */
export type Stay = { key: string; since: string };

export function staysOf({ definition }: Plan, asOf: Date, zone: string): Stay[] {
  return definition.segments.flatMap(({ key, stay }) => {
    if (stay === undefined) return [];
    const { amount, unit } = parseDuration(stay);
    const since = DateTime.fromJSDate(asOf, { zone }).minus({ [unit]: amount });
    return [{ key, since: since.toUTC().toISO() ?? asOf.toISOString() }];
  });
}

export type Bind = (value: unknown, type: string) => string;

/** Placeholders after those of a compiled select. */
export function binder(values: unknown[]): Bind {
  return (value, type) => {
    values.push(value);
    return `$${values.length}::${type}`;
  };
}

/**
 * The labels that a subject has after `stay` let some remain: an expression over `alias`, which carries `id`, the
 * labels worked out and those held.
 */
export function settledSql(
  { segmentation, column, held, labels }: LabelColumn,
  stays: readonly Stay[],
  { schema, subject, alias, bind }: { schema: string; subject: SubjectType; alias: string; bind: Bind },
): string {
  const now = `${alias}.${column}`;
  if (stays.length === 0 || held === null) return now;
  const was = `${alias}.${held}`;
  const stay = stays
    .map(
      ({ key, since }) => `(k.key = '${key}' and (
        select max(c.at) from ${schema}.label_change c where c.subject = '${subject}' and c.subject_id = ${alias}.id
          and c.segmentation = '${segmentation}' and c.entered @> array['${key}']) > ${bind(since, 'timestamptz')})`,
    )
    .join(' or ');
  const settled =
    labels === 'one'
      ? `case when exists (select from (select ${was} as key) k where ${stay}) then ${was} else ${now} end`
      : `array(select x from (
          select unnest(${now}) as x union select k.key from unnest(${was}) k (key) where ${stay}) s
        order by x collate "C")`;
  return `case when ${now} is distinct from ${was} then ${settled} else ${now} end`;
}
