/** What changed between two versions of a definition, in words. */
import type { Condition } from './condition.ts';
import type { Segmentation } from './definition.ts';
import { inWords, type Words } from './explain-words.ts';

export type Difference = { kind: 'added' | 'removed' | 'changed'; text: string };

type Segment = Segmentation['segments'][number];

/** Names of fields as screens show them; the others are said by their own key. */
const NAMES: Record<string, string> = {
  name: 'Name',
  description: 'Description',
  goal: 'Goal',
  owner: 'Owner',
  use: 'Use',
  purpose: 'Purpose',
  lawfulBasis: 'Lawful basis',
  targets: 'Where it is written',
  handDown: 'Handed down to people',
  review: 'Review',
  learn: 'Learned again',
  labels: 'Labels',
  of: 'Divided by',
  among: 'Who is divided',
  where: 'Which deals count',
  stay: 'Stays at least',
  when: 'Who enters',
  leaveWhen: 'Who leaves',
  atLeast: 'At least',
  topPercent: 'Top percent',
  areas: 'Scores',
  play: 'Play',
  attention: 'Owners’ lists',
};
const CONDITIONS = new Set(['when', 'leaveWhen', 'among']);

/** Empty where nothing changed; without a version before, one line a segment. */
export function differencesOf(before: Segmentation | null, after: Segmentation, words: Words): Difference[] {
  if (before === null)
    return after.segments.map((segment) => ({ kind: 'added', text: `Segment ${segment.name}` }));
  const own = ({ segments: _, ...rest }: Segmentation) => rest;
  return [
    ...fieldsOf('', own(before), own(after), after.subject, words),
    ...segmentsOf(before.segments, after.segments, after.subject, words),
  ];
}

function segmentsOf(
  before: readonly Segment[],
  after: readonly Segment[],
  subject: Segmentation['subject'],
  words: Words,
): Difference[] {
  const differences: Difference[] = [];
  const had = new Map(before.map((segment) => [segment.key, segment]));
  const has = new Set(after.map(({ key }) => key));
  for (const segment of after) {
    const old = had.get(segment.key);
    if (old === undefined) differences.push({ kind: 'added', text: `Segment ${segment.name}` });
    else differences.push(...fieldsOf(`${segment.name}: `, old, segment, subject, words));
  }
  for (const { key, name } of before) {
    if (!has.has(key)) differences.push({ kind: 'removed', text: `Segment ${name}` });
  }
  const kept = (segments: readonly Segment[]) =>
    segments.map(({ key }) => key).filter((key) => has.has(key) && had.has(key));
  if (kept(before).join() !== kept(after).join())
    differences.push({ kind: 'changed', text: 'The order of the segments: the first that holds wins' });
  return differences;
}

function fieldsOf(
  where: string,
  before: object,
  after: object,
  subject: Segmentation['subject'],
  words: Words,
): Difference[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key): Difference[] => {
    const [old, now]: unknown[] = [Reflect.get(before, key), Reflect.get(after, key)];
    if (JSON.stringify(old) === JSON.stringify(now)) return [];
    const say = (value: unknown) =>
      CONDITIONS.has(key) ? inWords(value as Condition, subject, words) : short(value);
    const name = `${where}${NAMES[key] ?? key}`;
    if (old === undefined) return [{ kind: 'added', text: `${name}: ${say(now)}` }];
    if (now === undefined) return [{ kind: 'removed', text: `${name}: ${say(old)}` }];
    return [{ kind: 'changed', text: `${name}: ${say(old)} → ${say(now)}` }];
  });
}

/** A value on one line; structures as their parts. */
function short(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.map(short).join(', ');
  if (typeof value !== 'object' || value === null) return 'nothing';
  return Object.entries(value)
    .map(([key, part]) => `${key} ${short(part)}`)
    .join(', ');
}
