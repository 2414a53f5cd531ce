import { List, Text } from '@mantine/core';
import type { Described } from '../../../../src/segmentation/describe.ts';

const HEADS = { all: 'All of these:', any: 'At least one of these:', not: 'Not:' };

/** A definition as nested sentences. */
export function Words({ words }: { words: Described }) {
  if ('text' in words) return <Text size="sm">{words.text}</Text>;
  const [only] = words.parts;
  if (words.parts.length === 1 && only && words.kind !== 'not') return <Words words={only} />;
  return (
    <div>
      <Text size="sm" fw={600}>
        {HEADS[words.kind]}
      </Text>
      <List size="sm" withPadding>
        {words.parts.map((part, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a definition does not move while it is shown
          <List.Item key={index}>
            <Words words={part} />
          </List.Item>
        ))}
      </List>
    </div>
  );
}
