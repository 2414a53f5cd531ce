import { Group, Select, Text } from '@mantine/core';
import { useFieldChoices } from './choices.ts';
import { Amount } from './value-input.tsx';
import { wordOf } from './vocabulary.ts';
import { YamlInput } from './yaml-input.tsx';

/** What a new rule on the people of a company begins with. */
export const NEW_CONTACTS = { count: true, atLeast: 1 };

/** How many people of a company there are, of those for whom a condition holds. */
export function ContactsEditor({ value, onChange }: { value: unknown; onChange: (value: unknown) => void }) {
  const { operatorsOf } = useFieldChoices();
  const contacts: Record<string, unknown> =
    typeof value === 'object' && value !== null ? { ...value } : NEW_CONTACTS;
  const { where, count: _, ...comparison } = contacts;
  const [operator = 'atLeast', operand = ''] = Object.entries(comparison)[0] ?? [];
  const write = (change: { operator?: string; operand?: unknown; where?: unknown }) => {
    const next = { operator, operand, where, ...change };
    const isEmpty = next.where === undefined || next.where === null || next.where === '';
    onChange({ ...(!isEmpty && { where: next.where }), count: true, [next.operator]: next.operand });
  };
  const numeric = operatorsOf('number').filter((one) =>
    ['atLeast', 'atMost', 'above', 'below', 'is'].includes(one),
  );
  return (
    <Group gap={6} align="flex-start">
      <Select
        aria-label="How the number of people compares"
        size="xs"
        w={110}
        allowDeselect={false}
        data={numeric.map((one) => ({ value: one, label: wordOf(one) }))}
        value={operator}
        onChange={(chosen) => chosen && write({ operator: chosen })}
      />
      <Amount
        label="Number of people"
        value={operand}
        onChange={(now) => write({ operand: now })}
        width={80}
      />
      <Text size="xs" c="dimmed" pt={6}>
        for whom
      </Text>
      <YamlInput
        label="Condition on the people, as YAML"
        value={where}
        onChange={(now) => write({ where: now })}
      />
    </Group>
  );
}
