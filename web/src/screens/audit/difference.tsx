import { Spoiler, Text } from '@mantine/core';
import { day, instant } from '../../parts/figures.ts';
import { definitionWords, fieldWords } from './words.ts';

/** What a change did, a line per value that differs: old struck out, then new. Days and instants in `zone`. */
export function Difference({ before, after, zone }: { before: unknown; after: unknown; zone: string }) {
  const old = flat(before, zone);
  const fresh = flat(after, zone);
  // An empty list that was filled, or a list that was emptied: the side with values says it.
  const isList = (name: string) =>
    [...old.keys(), ...fresh.keys()].some((one) => one.startsWith(`${name}.0`));
  const names = [...new Set([...old.keys(), ...fresh.keys()])].filter(
    (name) => old.get(name) !== fresh.get(name) && !isList(name),
  );
  if (names.length === 0) return '–';
  const lines = names.map((name) => (
    <Text size="sm" key={name} style={{ overflowWrap: 'anywhere' }}>
      {name && `${fieldWords(name)}: `}
      {old.has(name) && (
        <Text span size="sm" c="dimmed" td={fresh.has(name) ? 'line-through' : undefined} component="del">
          {old.get(name)}
        </Text>
      )}
      {old.has(name) && fresh.has(name) && ' → '}
      {fresh.has(name) && <ins style={{ textDecoration: 'none' }}>{fresh.get(name)}</ins>}
    </Text>
  ));
  const whole = old.size === 0 ? definitionWords(after) : null;
  if (whole !== null)
    return (
      <details>
        <Text component="summary" size="sm" style={{ cursor: 'pointer' }}>
          {whole}
        </Text>
        {lines}
      </details>
    );
  return (
    <Spoiler maxHeight={110} showLabel="Show all" hideLabel="Show less">
      {lines}
    </Spoiler>
  );
}

/** `brakes.labelShare` -> `0.3`; lists of plain values stay together. */
function flat(value: unknown, zone: string, path = ''): Map<string, string> {
  if (value === null || value === undefined) return path === '' ? new Map() : new Map([[path, 'none']]);
  const isList = Array.isArray(value);
  if (typeof value !== 'object' || (isList && value.every((one) => typeof one !== 'object')))
    return new Map([
      [path, isList ? value.map((one) => shown(one, zone)).join(', ') || 'none' : shown(value, zone)],
    ]);
  const inner = Object.entries(value).flatMap(([name, one]) => [
    ...flat(one, zone, path === '' ? name : `${path}.${name}`),
  ]);
  return new Map(inner);
}

/** Yes and no, numbers with their thousands, days and instants as elsewhere, `run_failed` as words. */
function shown(value: unknown, zone: string): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return value.toLocaleString('en');
  const text = String(value);
  if (/^\d{4}-\d{2}-\d{2}T/.test(text)) return instant(text, zone);
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return day(text, 'UTC');
  return /^[a-z]+(_[a-z]+)+$/.test(text) ? text.replaceAll('_', ' ') : text;
}
