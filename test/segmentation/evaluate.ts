/**
 * A second reading of the condition language, in plain TypeScript and one subject at a time, with no code of the
 * compiler. Dates are worked out on calendar days as text; true, false and null (unknown) as in SQL.
 */
import type { Attribute, AttributeOwner } from '../../src/model/attribute.ts';
import type { Condition, DealMeasure } from '../../src/segmentation/condition.ts';
import type { Segmentation } from '../../src/segmentation/definition.ts';

export type Value = string | number | boolean | string[] | null;
export type Row = { [key: string]: Value };

export type World = {
  person: Row;
  company: Row | null;
  /** By scope; `revenue` and `counts` besides the attributes. */
  deals: { credited: Row[]; involved: Row[]; company: Row[] };
  /** People of the company, for company subjects. */
  contacts: Row[];
};

export type Setting = {
  attributes: Map<string, Attribute>;
  asOf: Date;
  zone: string;
  fiscalYearStart: number;
  definitions: Map<string, Segmentation>;
  /** Stored labels of the company, by segmentation. */
  companyLabels: Row;
  heldLabels: Row;
  /** Segments worked out for this subject already. */
  memo: Map<string, boolean>;
  /** What nothing feeds, as `person.country`: conditions on it are unknown of everybody, those of `unknown` too. */
  unfed?: ReadonlySet<string>;
  /** Learned cut points, by the key of a percentile. */
  cutPoints?: Record<string, number | null>;
};

type Truth = boolean | null;

const and = (parts: Truth[]): Truth => (parts.includes(false) ? false : parts.includes(null) ? null : true);
const or = (parts: Truth[]): Truth => (parts.includes(true) ? true : parts.includes(null) ? null : false);
const not = (part: Truth): Truth => (part === null ? null : !part);

/** The labels of one subject, in the order of the definition (one) or sorted (many). */
export function labelsOf(definition: Segmentation, world: World, setting: Setting): string | null | string[] {
  const held = definition.segments
    .filter((_, index) => holdsAlone(definition, index, world, setting))
    .map(({ key }) => key);
  return definition.labels === 'one' ? (held[0] ?? null) : held.sort();
}

function holdsAlone(definition: Segmentation, index: number, world: World, setting: Setting): boolean {
  const name = `${definition.key} ${index}`;
  const holds = setting.memo.get(name) ?? workOut(definition, index, world, setting);
  setting.memo.set(name, holds);
  return holds;
}

function workOut(definition: Segmentation, index: number, world: World, setting: Setting): boolean {
  if (definition.method !== 'rules') throw new Error('the evaluator reads rules');
  const segment = definition.segments[index];
  if (segment === undefined) return false;
  const subject = definition.subject === 'person' ? world.person : (world.company ?? {});
  if (isUnmet(`${definition.key}.${segment.key}`, setting)) return false;
  if (evaluate(segment.when, definition.subject, subject, world, setting) === true) return true;
  const labels = setting.heldLabels[definition.key];
  const isHeld = Array.isArray(labels) ? labels.includes(segment.key) : labels === segment.key;
  if (segment.leaveWhen === undefined || !isHeld) return false;
  return evaluate(segment.leaveWhen, definition.subject, subject, world, setting) !== true;
}

function evaluate(
  condition: Condition,
  owner: AttributeOwner,
  row: Row | null,
  world: World,
  setting: Setting,
): Truth {
  const inner = (part: Condition): Truth => evaluate(part, owner, row, world, setting);
  if (!isLogic(condition) && !canBe(condition, owner, setting).true) return null;
  if ('all' in condition) return and(condition.all.map(inner));
  if ('any' in condition) return or(condition.any.map(inner));
  if ('not' in condition) return not(inner(condition.not));
  if ('company' in condition) return evaluate(condition.company, 'company', world.company, world, setting);
  if ('attribute' in condition) {
    const attribute = setting.attributes.get(`${owner}.${condition.attribute}`);
    if (attribute === undefined) throw new Error(`no attribute ${condition.attribute}`);
    const { value: cut, operator } = cutOf(owner, condition, setting);
    const asked = operator === null ? condition : { ...condition, [operator]: cut };
    return compare(filled(attribute, row), attribute.type, asked, setting);
  }
  if ('segment' in condition) return isMember(condition.segment, owner, world, setting);
  if ('deals' in condition) {
    const { value, type } = measure(condition.deals, owner, world, setting);
    return compare(value, type, condition.deals, setting);
  }
  if ('contacts' in condition) {
    const { where } = condition.contacts;
    const count = world.contacts.filter(
      (one) => where === undefined || evaluate(where, 'person', one, world, setting) === true,
    );
    return compare(count.length, 'number', condition.contacts, setting);
  }
  throw new Error('the evaluator knows no scores');
}

const isLogic = (condition: Condition): boolean =>
  ['all', 'any', 'not', 'company'].some((word) => word in condition);

type CanBe = { true: boolean; false: boolean };

/** Could it be true of somebody, and could it be false, with what is fed? */
function canBe(condition: Condition, owner: AttributeOwner, setting: Setting): CanBe {
  const inner = (part: Condition): CanBe => canBe(part, owner, setting);
  const both = (yes: boolean): CanBe => ({ true: yes, false: yes });
  const isFed = (of: AttributeOwner, key: string): boolean => !setting.unfed?.has(`${of}.${key}`);
  if ('all' in condition) {
    const parts = condition.all.map(inner);
    return { true: parts.every((part) => part.true), false: parts.some((part) => part.false) };
  }
  if ('any' in condition) {
    const parts = condition.any.map(inner);
    return { true: parts.some((part) => part.true), false: parts.every((part) => part.false) };
  }
  if ('not' in condition) {
    const part = inner(condition.not);
    return { true: part.false, false: part.true };
  }
  if ('company' in condition) return canBe(condition.company, 'company', setting);
  if ('attribute' in condition) return both(isFed(owner, condition.attribute));
  if ('contacts' in condition) {
    const names = JSON.stringify(condition.contacts.where ?? {}).matchAll(/"attribute":"(\w+)"/g);
    return both([...names].every(([, key = '']) => isFed('person', key)));
  }
  if ('deals' in condition) {
    const { where = {}, scope: _, count: __, ...rest } = condition.deals;
    const of = [rest.sum, rest.average, rest.min, rest.max, rest.first, rest.last];
    const keys = [...Object.keys(where), ...of.flatMap((key) => key ?? [])];
    const isOrdered = rest.first !== undefined || rest.last !== undefined;
    return both([...keys, ...(isOrdered ? ['closed_at'] : [])].every((key) => isFed('deal', key)));
  }
  if ('segment' in condition) return both(!isUnmet(condition.segment, setting));
  throw new Error('the evaluator knows no scores');
}

/** Nothing says who is in the segment, or who leaves it. */
function isUnmet(name: string, setting: Setting): boolean {
  const [key = '', segment = ''] = name.split('.');
  const definition = setting.definitions.get(key);
  if (definition?.method !== 'rules') return false;
  const found = definition.segments.find((one) => one.key === segment);
  return [found?.when, found?.leaveWhen].some(
    (part) => part !== undefined && !canBe(part, definition.subject, setting).true,
  );
}

/** A percentile as the plain comparison with its cut point that it comes to. */
function cutOf(
  owner: AttributeOwner,
  condition: { attribute: string; topPercent?: number | undefined; bottomPercent?: number | undefined },
  setting: Setting,
): { value: number; operator: 'atLeast' | 'atMost' | null } {
  const operator = (['topPercent', 'bottomPercent'] as const).find((one) => condition[one] !== undefined);
  if (operator === undefined) return { value: 0, operator: null };
  const key = `${owner}.${condition.attribute} ${operator} ${condition[operator]}`;
  const cut = setting.cutPoints?.[key];
  if (cut === undefined) throw new Error(`no cut point ${key}`);
  // Without one nobody is in the group.
  return operator === 'topPercent'
    ? { value: cut ?? Infinity, operator: 'atLeast' }
    : { value: cut ?? -Infinity, operator: 'atMost' };
}

function filled(attribute: Attribute, row: Row | null): Value {
  if (row === null) return null;
  const value = row[attribute.key] ?? null;
  if (value !== null) return value;
  return attribute.empty === 'false' ? false : attribute.empty === 'zero' ? 0 : null;
}

function isMember(name: string, owner: AttributeOwner, world: World, setting: Setting): boolean {
  const [key = '', segment = ''] = name.split('.');
  const definition = setting.definitions.get(key);
  if (owner === 'company' && definition?.subject !== 'company') {
    const labels = world.company === null ? null : setting.companyLabels[key];
    return Array.isArray(labels) ? labels.includes(segment) : labels === segment;
  }
  if (definition === undefined) throw new Error(`no segmentation ${key}`);
  const index = definition.segments.findIndex((one) => one.key === segment);
  if (definition.labels === 'many') return holdsAlone(definition, index, world, setting);
  for (let i = 0; i < index; i++) if (holdsAlone(definition, i, world, setting)) return false;
  return holdsAlone(definition, index, world, setting);
}

function measure(
  deals: DealMeasure,
  owner: AttributeOwner,
  world: World,
  setting: Setting,
): { value: Value; type: string } {
  const scope = deals.scope ?? (owner === 'company' ? 'company' : 'credited');
  let chosen = world.deals[scope].filter((deal) =>
    Object.entries(deals.where ?? {}).every(([key, wanted]) => {
      const attribute = setting.attributes.get(`deal.${key}`);
      if (attribute === undefined) throw new Error(`no attribute ${key}`);
      const comparison = typeof wanted === 'object' ? wanted : { is: wanted };
      const value = key === 'amount' ? (deal.revenue ?? null) : filled(attribute, deal);
      const holds = compare(value, attribute.type, comparison, setting) === true;
      return key === 'won' && comparison.is === true ? holds && deal.counts === true : holds;
    }),
  );
  if (deals.count) return { value: chosen.length, type: 'number' };
  const key = deals.sum ?? deals.average ?? deals.min ?? deals.max ?? deals.first ?? deals.last ?? '';
  const attribute = setting.attributes.get(`deal.${key}`);
  if (attribute === undefined) throw new Error(`no attribute ${key}`);
  const read = (deal: Row): Value => (key === 'amount' ? (deal.revenue ?? null) : filled(attribute, deal));
  if (deals.first !== undefined || deals.last !== undefined) {
    chosen = chosen.filter((deal) => deal.closed_at !== null);
    chosen.sort((a, b) => order(String(a.closed_at), String(b.closed_at)) || Number(a.id) - Number(b.id));
    const deal = deals.first === undefined ? chosen.at(-1) : chosen[0];
    return { value: deal === undefined ? null : read(deal), type: attribute.type };
  }
  const values = chosen.map(read).filter((value) => value !== null);
  if (deals.sum !== undefined)
    return { value: values.reduce((sum: number, value) => sum + Number(value), 0), type: attribute.type };
  if (values.length === 0) return { value: null, type: attribute.type };
  if (deals.average !== undefined) {
    return {
      value: values.reduce((sum: number, value) => sum + Number(value), 0) / values.length,
      type: attribute.type,
    };
  }
  const sorted = values.sort((a, b) => (typeof a === 'number' ? a - Number(b) : order(String(a), String(b))));
  return { value: (deals.min === undefined ? sorted.at(-1) : sorted[0]) ?? null, type: attribute.type };
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const lower = (value: Value): Value =>
  typeof value === 'string' ? value.replace(/[A-Z]/g, (one) => one.toLowerCase()) : value;

function compare(value: Value, type: string, comparison: object, setting: Setting): Truth {
  const parts: Truth[] = [];
  for (const [operator, operand] of Object.entries(comparison))
    parts.push(...test(operator, value, type, operand, setting));
  return and(parts);
}

/** No part for what is not an operator. */
function test(operator: string, value: Value, type: string, operand: unknown, setting: Setting): Truth[] {
  if (operator === 'known') return [value !== null];
  if (operator === 'unknown') return [value === null];
  const words = ['text', 'enum'].includes(type);
  const [left, right] = words
    ? [lower(value), Array.isArray(operand) ? operand.map(lower) : lower(asValue(operand))]
    : [value, asValue(operand)];
  const known = (holds: () => boolean): Truth[] => [value === null ? null : holds()];
  const list = (): unknown[] => (Array.isArray(right) ? right : []);
  const options = (): string[] => (Array.isArray(value) ? value : []);
  switch (operator) {
    case 'is':
      return known(() => left === right);
    case 'isNot':
      return known(() => left !== right);
    case 'in':
      return known(() => list().includes(left));
    case 'notIn':
      return known(() => !list().includes(left));
    case 'contains':
      return known(() => String(left).includes(String(right)));
    case 'startsWith':
      return known(() => String(left).startsWith(String(right)));
    case 'endsWith':
      return known(() => String(left).endsWith(String(right)));
    case 'atLeast':
      return known(() => Number(left) >= Number(right));
    case 'atMost':
      return known(() => Number(left) <= Number(right));
    case 'above':
      return known(() => Number(left) > Number(right));
    case 'below':
      return known(() => Number(left) < Number(right));
    case 'includes':
      return known(() => options().includes(String(operand)));
    case 'includesAny':
      return known(() => list().some((one) => options().includes(String(one))));
    case 'includesAll':
      return known(() => list().every((one) => options().includes(String(one))));
    case 'between': {
      const [from, to] = list();
      if (typeof from === 'number') return known(() => Number(value) >= from && Number(value) <= Number(to));
      return known(
        () =>
          day(value, type, setting) >= named(from, setting) &&
          day(value, type, setting) <= named(to, setting),
      );
    }
    default:
      return timeTest(operator, value, type, operand, setting);
  }
}

function asValue(operand: unknown): Value {
  if (typeof operand === 'string' || typeof operand === 'number' || typeof operand === 'boolean')
    return operand;
  return Array.isArray(operand) ? operand : null;
}

function timeTest(operator: string, value: Value, type: string, operand: unknown, setting: Setting): Truth[] {
  const today = localDay(setting.asOf, setting.zone);
  const known = (holds: (its: string) => boolean): Truth[] => [
    value === null ? null : holds(day(value, type, setting)),
  ];
  const past = operator === 'inLast' || operator === 'notInLast';
  if (past || operator === 'inNext' || operator === 'notInNext') {
    const inside = (its: string): boolean => {
      const [amount = '', unit = ''] = String(operand).split(' ');
      const instant = type === 'datetime' ? new Date(String(value)).getTime() : 0;
      const now = setting.asOf.getTime();
      if (/^(minute|hour)/.test(unit)) {
        const length = Number(amount) * (unit.startsWith('hour') ? 3_600_000 : 60_000);
        return past ? instant >= now - length && instant <= now : instant >= now && instant <= now + length;
      }
      const edge = addTo(today, Number(amount) * (past ? -1 : 1), unit.replace(/s$/, ''));
      if (past) return its >= edge && (type === 'date' ? its <= today : instant <= now);
      return its <= edge && (type === 'date' ? its >= today : instant >= now);
    };
    return known((its) => (operator.startsWith('not') ? !inside(its) : inside(its)));
  }
  switch (operator) {
    case 'before':
      return known((its) => its < named(operand, setting));
    case 'after':
      return known((its) => its > named(operand, setting));
    case 'on':
      return known((its) => its === named(operand, setting));
    case 'during': {
      const [from, to] = period(String(operand), today, setting.fiscalYearStart);
      return known((its) => its >= from && its < to);
    }
    case 'anniversaryInNext':
    case 'anniversaryInLast': {
      const [amount = '', unit = ''] = String(operand).split(' ');
      const edge = addTo(
        today,
        Number(amount) * (operator === 'anniversaryInNext' ? 1 : -1),
        unit.replace(/s$/, ''),
      );
      const days = new Set<string>();
      const [from, to] = edge < today ? [edge, today] : [today, edge];
      for (let one = from; one <= to; one = addTo(one, 1, 'day'))
        days.add(one.slice(5) === '02-29' ? '02-28' : one.slice(5));
      return known((its) => days.has(its.slice(5) === '02-29' ? '02-28' : its.slice(5)));
    }
    default:
      return [];
  }
}

/** By zone; making one takes longer than all else here. */
const dayFormats = new Map<string, Intl.DateTimeFormat>();

function localDay(instant: Date, zone: string): string {
  const format =
    dayFormats.get(zone) ??
    new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' });
  dayFormats.set(zone, format);
  return format.format(instant);
}

function day(value: Value, type: string, setting: Setting): string {
  return type === 'date' ? String(value) : localDay(new Date(String(value)), setting.zone);
}

function named(operand: unknown, setting: Setting): string {
  const today = localDay(setting.asOf, setting.zone);
  if (operand === 'today') return today;
  if (operand === 'yesterday') return addTo(today, -1, 'day');
  if (operand === 'tomorrow') return addTo(today, 1, 'day');
  return String(operand);
}

/** Adds to a calendar day; the last day of a shorter month stands for those that it lacks. */
function addTo(from: string, amount: number, unit: string): string {
  const [year = 0, month = 0, date = 0] = from.split('-').map(Number);
  if (unit === 'day' || unit === 'week') {
    return iso(new Date(Date.UTC(year, month - 1, date + amount * (unit === 'week' ? 7 : 1))));
  }
  const months = amount * (unit === 'year' ? 12 : unit === 'quarter' ? 3 : 1);
  const last = new Date(Date.UTC(year, month + months, 0)).getUTCDate();
  return iso(new Date(Date.UTC(year, month - 1 + months, Math.min(date, last))));
}

const iso = (date: Date): string => date.toISOString().slice(0, 10);

function period(name: string, today: string, fiscalYearStart: number): [string, string] {
  if (['today', 'yesterday', 'tomorrow'].includes(name)) {
    const from = addTo(today, name === 'today' ? 0 : name === 'tomorrow' ? 1 : -1, 'day');
    return [from, addTo(from, 1, 'day')];
  }
  const [which = '', ...rest] = name.split(' ');
  const what = rest.join(' ');
  const steps = which === 'this' ? 0 : which === 'next' ? 1 : -1;
  if (what === 'week') {
    const weekday = (new Date(`${today}T00:00:00Z`).getUTCDay() + 6) % 7;
    const from = addTo(today, -weekday + 7 * steps, 'day');
    return [from, addTo(from, 7, 'day')];
  }
  const first = `${today.slice(0, 8)}01`;
  const month = Number(today.slice(5, 7));
  const start = what.startsWith('fiscal') ? fiscalYearStart : 1;
  const length = what.endsWith('year') ? 12 : what.endsWith('quarter') ? 3 : 1;
  const into = (((month - start) % length) + length) % length;
  const from = addTo(first, -into + steps * length, 'month');
  return [from, addTo(from, length, 'month')];
}
