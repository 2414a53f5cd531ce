import { ActionIcon, Button, Group, Select, Stack, Text } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import type { AttributeType } from '../../../../../src/model/attribute.ts';
import { useFieldChoices } from './choices.ts';
import { type FilterRow, readDeals, writeDeals } from './deals-form.ts';
import { ValueInput } from './value-input.tsx';
import { FIRST_VALUE, firstOperator, formOf, isNumeric, wordOf } from './vocabulary.ts';

const AGGREGATES = [
  { value: 'count', label: 'Number of deals' },
  { value: 'sum', label: 'Sum of' },
  { value: 'average', label: 'Average of' },
  { value: 'min', label: 'Lowest' },
  { value: 'max', label: 'Highest' },
  { value: 'first', label: 'First deal’s' },
  { value: 'last', label: 'Last deal’s' },
];

/** Deals as a sentence: what is worked out, how it compares, and which deals count. */
export function DealsEditor({
  value,
  onChange,
  ofCompany,
}: {
  value: unknown;
  onChange: (value: unknown) => void;
  ofCompany: boolean;
}) {
  const { ofOwner, attribute, operatorsOf, currency, subject } = useFieldChoices();
  const form = readDeals(value);
  const change = (part: Partial<typeof form>) => onChange(writeDeals({ ...form, ...part }));
  const typeOf = (key: string): AttributeType => attribute('deal', key)?.type ?? 'text';
  const type = form.aggregate === 'count' ? 'number' : typeOf(form.of);
  const operators = operatorsOf(type);
  const attributes = ofOwner('deal');
  const measurable = attributes.filter(
    (one) => form.aggregate === 'first' || form.aggregate === 'last' || isNumeric(one.type),
  );
  return (
    <Stack gap={6}>
      <Group gap={6}>
        <Select
          aria-label="What is worked out from deals"
          size="xs"
          w={150}
          allowDeselect={false}
          data={AGGREGATES}
          value={form.aggregate}
          onChange={(aggregate) => {
            if (aggregate === null) return;
            const of = aggregate === 'count' ? '' : form.of || 'amount';
            const nextType = aggregate === 'count' ? 'number' : typeOf(of);
            const keeps = operatorsOf(nextType).includes(form.operator) && nextType === type;
            const operator = keeps ? form.operator : firstOperator(nextType);
            change({
              aggregate,
              of,
              operator,
              operand: keeps ? form.operand : FIRST_VALUE[formOf(operator, nextType)],
            });
          }}
        />
        {form.aggregate !== 'count' && (
          <Select
            aria-label="Attribute of the deal"
            size="xs"
            w={150}
            searchable
            allowDeselect={false}
            data={measurable.map(({ key, name }) => ({ value: key, label: name }))}
            value={form.of}
            onChange={(of) => {
              if (of === null) return;
              const operator = firstOperator(typeOf(of));
              change({ of, operator, operand: FIRST_VALUE[formOf(operator, typeOf(of))] });
            }}
          />
        )}
        <Select
          aria-label="How deals compare"
          size="xs"
          w={120}
          allowDeselect={false}
          data={operators.map((operator) => ({ value: operator, label: wordOf(operator) }))}
          value={form.operator}
          onChange={(operator) =>
            operator && change({ operator, operand: FIRST_VALUE[formOf(operator, type)] })
          }
        />
        <ValueInput
          operator={form.operator}
          type={type}
          value={form.operand}
          onChange={(operand) => change({ operand })}
          name="deals"
          currency={currency}
        />
        {subject === 'person' && !ofCompany && (
          <Select
            aria-label="Whose deals"
            size="xs"
            w={190}
            allowDeselect={false}
            data={[
              { value: 'credited', label: 'credited to the person' },
              { value: 'involved', label: 'they take part in' },
              { value: 'company', label: 'of their company' },
            ]}
            value={form.scope ?? 'credited'}
            onChange={(scope) => change({ scope: scope === 'credited' ? undefined : (scope ?? undefined) })}
          />
        )}
      </Group>
      {form.where.map((row, index) => (
        <FilterLine
          // biome-ignore lint/suspicious/noArrayIndexKey: lines are told apart by their place
          key={index}
          row={row}
          word={index === 0 ? 'where' : 'and'}
          onChange={(next) =>
            change({ where: form.where.flatMap((one, at) => (at === index ? (next ?? []) : one)) })
          }
        />
      ))}
      <Group gap={4}>
        <Button
          size="compact-xs"
          variant="subtle"
          leftSection={<IconPlus size={12} />}
          onClick={() =>
            change({ where: [...form.where, { key: 'won', operator: 'is', operand: true, isShort: true }] })
          }
        >
          Which deals
        </Button>
        {form.where.length === 0 && (
          <Text size="xs" c="dimmed">
            all deals, open and lost ones too
          </Text>
        )}
      </Group>
    </Stack>
  );
}

function FilterLine({
  row,
  word,
  onChange,
}: {
  row: FilterRow;
  word: string;
  onChange: (row: FilterRow | null) => void;
}) {
  const { ofOwner, attribute, operatorsOf, currency } = useFieldChoices();
  const type = attribute('deal', row.key)?.type ?? 'text';
  return (
    <Group gap={6} pl="sm">
      <Text size="xs" w={40} c="dimmed">
        {word}
      </Text>
      <Select
        aria-label="Attribute of the deal to filter by"
        size="xs"
        w={150}
        searchable
        allowDeselect={false}
        data={ofOwner('deal').map(({ key, name }) => ({ value: key, label: name }))}
        value={row.key}
        onChange={(key) => {
          if (key === null) return;
          const next = attribute('deal', key)?.type ?? 'text';
          const operator = firstOperator(next);
          onChange({ key, operator, operand: FIRST_VALUE[formOf(operator, next)] });
        }}
      />
      <Select
        aria-label="How the deal's attribute compares"
        size="xs"
        w={120}
        allowDeselect={false}
        data={operatorsOf(type).map((operator) => ({ value: operator, label: wordOf(operator) }))}
        value={row.operator}
        onChange={(operator) =>
          operator && onChange({ key: row.key, operator, operand: FIRST_VALUE[formOf(operator, type)] })
        }
      />
      <ValueInput
        operator={row.operator}
        type={type}
        value={row.operand}
        onChange={(operand) => onChange({ ...row, operand })}
        of={{ owner: 'deal', key: row.key }}
        name={`deal ${row.key}`}
        currency={currency}
      />
      <ActionIcon
        size="sm"
        variant="subtle"
        color="gray"
        aria-label="Remove this filter"
        onClick={() => onChange(null)}
      >
        <IconX size={14} />
      </ActionIcon>
    </Group>
  );
}
