import { Spoiler, Text } from '@mantine/core';

/** What a change did, a line per value that differs: old struck out, then new. */
export function Difference({ before, after }: { before: unknown; after: unknown }) {
  const old = flat(before);
  const fresh = flat(after);
  const names = [...new Set([...old.keys(), ...fresh.keys()])].filter(
    (name) => old.get(name) !== fresh.get(name),
  );
  if (names.length === 0) return '–';
  return (
    <Spoiler maxHeight={110} showLabel="Show all" hideLabel="Show less">
      {names.map((name) => (
        <Text size="sm" key={name} style={{ overflowWrap: 'anywhere' }}>
          {name && `${name}: `}
          {old.has(name) && (
            <Text span size="sm" c="dimmed" td={fresh.has(name) ? 'line-through' : undefined} component="del">
              {old.get(name)}
            </Text>
          )}
          {old.has(name) && fresh.has(name) && ' → '}
          {fresh.has(name) && <ins style={{ textDecoration: 'none' }}>{fresh.get(name)}</ins>}
        </Text>
      ))}
    </Spoiler>
  );
}

/** `brakes.labelShare` -> `0.3`; lists of plain values stay together. */
function flat(value: unknown, path = ''): Map<string, string> {
  if (value === null || value === undefined) return path === '' ? new Map() : new Map([[path, 'none']]);
  const isList = Array.isArray(value);
  if (typeof value !== 'object' || (isList && value.every((one) => typeof one !== 'object')))
    return new Map([[path, isList ? value.join(', ') || 'none' : String(value)]]);
  const inner = Object.entries(value).flatMap(([name, one]) => [
    ...flat(one, path === '' ? name : `${path}.${name}`),
  ]);
  return new Map(inner);
}
