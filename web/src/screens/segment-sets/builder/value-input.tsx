import { Autocomplete, Group, MultiSelect, NumberInput, Select, TagsInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { AttributeOwner, AttributeType } from '../../../../../src/model/attribute.ts';
import { useApi } from '../../../query.ts';
import { formOf, PERIODS, UNITS } from './vocabulary.ts';

type Given = {
  operator: string;
  type: AttributeType;
  value: unknown;
  onChange: (value: unknown) => void;
  /** Whose values are offered. */
  of?: { owner: AttributeOwner; key: string } | undefined;
  /** What the value is of, for those who do not see it. */
  name: string;
  currency: string;
};

/** The value of a comparison in the form that its operator and type take. */
export function ValueInput(given: Given) {
  const { operator, type, value, onChange, name, currency } = given;
  const label = `Value of ${name}`;
  const unit = type === 'money' ? ` ${currency}` : '';
  switch (formOf(operator, type)) {
    case 'none':
      return null;
    case 'yesNo':
      return (
        <Select
          aria-label={label}
          size="xs"
          w={80}
          allowDeselect={false}
          data={[
            { value: 'true', label: 'yes' },
            { value: 'false', label: 'no' },
          ]}
          value={String(value)}
          onChange={(chosen) => onChange(chosen === 'true')}
        />
      );
    case 'number':
      return <Amount label={label} value={value} onChange={onChange} suffix={unit} />;
    case 'percent':
      return (
        <Amount label={label} value={value} onChange={onChange} suffix="%" min={0.1} max={99.9} width={90} />
      );
    case 'numberRange':
      return (
        <Range value={value} onChange={onChange}>
          {(end, change, which) => (
            <Amount label={`${label}, ${which}`} value={end} onChange={change} suffix={unit} />
          )}
        </Range>
      );
    case 'dayRange':
      return (
        <Range value={value} onChange={onChange}>
          {(end, change, which) => <Day label={`${label}, ${which}`} value={end} onChange={change} />}
        </Range>
      );
    case 'day':
      return <Day label={label} value={value} onChange={onChange} />;
    case 'period':
      return (
        <Select
          aria-label={label}
          size="xs"
          w={170}
          searchable
          allowDeselect={false}
          data={PERIODS}
          value={String(value)}
          onChange={onChange}
        />
      );
    case 'duration':
      return <Duration label={label} value={String(value)} onChange={onChange} />;
    case 'text':
      return <Word {...given} label={label} />;
    case 'texts':
      return <Words {...given} label={label} />;
    case 'numbers':
      return (
        <TagsInput
          aria-label={label}
          size="xs"
          miw={160}
          placeholder="Numbers, each with Enter"
          value={Array.isArray(value) ? value.map(String) : []}
          onChange={(all) => onChange(all.map(Number).filter(Number.isFinite))}
        />
      );
  }
}

export function Amount({
  label,
  value,
  onChange,
  suffix = '',
  width = 130,
  ...limits
}: {
  label: string;
  value: unknown;
  onChange: (value: number | '') => void;
  suffix?: string;
  width?: number;
  min?: number;
  max?: number;
}) {
  return (
    <NumberInput
      aria-label={label}
      size="xs"
      w={width}
      thousandSeparator=","
      suffix={suffix}
      hideControls
      placeholder="Number"
      value={typeof value === 'number' ? value : ''}
      onChange={(now) => onChange(typeof now === 'number' ? now : '')}
      {...limits}
    />
  );
}

function Range({
  value,
  onChange,
  children,
}: {
  value: unknown;
  onChange: (value: unknown) => void;
  children: (end: unknown, change: (end: unknown) => void, which: 'from' | 'to') => React.ReactNode;
}) {
  const [from, to]: unknown[] = Array.isArray(value) ? value : ['', ''];
  return (
    <Group gap={6} wrap="nowrap">
      {children(from, (now) => onChange([now, to]), 'from')}
      <span>and</span>
      {children(to, (now) => onChange([from, now]), 'to')}
    </Group>
  );
}

const NAMED_DAYS = ['today', 'yesterday', 'tomorrow'];

function Day({
  label,
  value,
  onChange,
}: {
  label: string;
  value: unknown;
  onChange: (value: string) => void;
}) {
  const isNamed = NAMED_DAYS.includes(String(value));
  return (
    <Group gap={6} wrap="nowrap">
      <Select
        aria-label={label}
        size="xs"
        w={110}
        allowDeselect={false}
        data={[...NAMED_DAYS, { value: 'date', label: 'a date' }]}
        value={isNamed ? String(value) : 'date'}
        onChange={(chosen) => onChange(chosen === 'date' || chosen === null ? '' : chosen)}
      />
      {!isNamed && (
        <TextInput
          aria-label={`${label}, date`}
          size="xs"
          type="date"
          value={typeof value === 'string' ? value : ''}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      )}
    </Group>
  );
}

export function Duration({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
}) {
  const [amount = '', unit = 'days'] = value.split(' ');
  const plural = unit.endsWith('s') ? unit : `${unit}s`;
  const write = (number: string, of: string) =>
    onChange(number === '' ? '' : `${number} ${number === '1' ? of.replace(/s$/, '') : of}`);
  return (
    <Group gap={6} wrap="nowrap">
      <NumberInput
        aria-label={label}
        size="xs"
        w={70}
        min={1}
        max={99_999}
        allowDecimal={false}
        value={amount === '' ? '' : Number(amount)}
        onChange={(now) => write(String(now), plural)}
      />
      <Select
        aria-label={`${label}, unit`}
        size="xs"
        w={105}
        allowDeselect={false}
        data={UNITS}
        value={plural}
        onChange={(chosen) => write(amount, chosen ?? 'days')}
      />
    </Group>
  );
}

type Option = { value: string; label: string };

function useOptions(of: Given['of']): Option[] {
  const asked = of ?? { owner: 'person' as const, key: 'none' };
  const values = useApi(
    'GET /api/attributes/:owner/:key/values',
    { params: asked },
    { enabled: of !== undefined },
  );
  return of === undefined
    ? []
    : (values.data?.values.map(({ value, name }) => ({ value, label: name })) ?? []);
}

/** Are they called otherwise than they are stored? Then names are chosen; else what is typed is what is meant. */
const isNamed = (options: readonly Option[]): boolean => options.some(({ value, label }) => value !== label);

/** What conditions hold already, and what somebody types that no option is, beside the options. */
function withOthers(options: readonly Option[], held: readonly string[], typed: string): Option[] {
  const known = new Set(options.flatMap(({ value, label }) => [value, label]));
  const others = held.filter((value) => !options.some((one) => one.value === value));
  const isNew = typed.trim() !== '' && !known.has(typed.trim()) && !others.includes(typed.trim());
  return [
    ...options,
    ...others.map((value) => ({ value, label: value })),
    ...(isNew ? [{ value: typed.trim(), label: `the value "${typed.trim()}"` }] : []),
  ];
}

/** Operators that look into values take a part of one. */
const LOOKS_INTO = ['contains', 'startsWith', 'endsWith'];

function Word({ value, onChange, of, label, operator }: Given & { label: string }) {
  const options = useOptions(of);
  const [typed, setTyped] = useState('');
  const held = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  if (!isNamed(options) || LOOKS_INTO.includes(operator))
    return (
      <Autocomplete
        aria-label={label}
        size="xs"
        w={180}
        placeholder="Value"
        data={LOOKS_INTO.includes(operator) ? [] : options.map((one) => one.value)}
        value={held}
        onChange={onChange}
      />
    );
  return (
    <Select
      aria-label={label}
      size="xs"
      w={220}
      searchable
      allowDeselect={false}
      placeholder="Choose a value"
      data={withOthers(options, held === '' ? [] : [held], typed)}
      onSearchChange={setTyped}
      value={held === '' ? null : held}
      onChange={(chosen) => onChange(chosen ?? '')}
    />
  );
}

function Words({ value, onChange, of, label }: Given & { label: string }) {
  const options = useOptions(of);
  const [typed, setTyped] = useState('');
  const held = Array.isArray(value) ? value.map(String) : [];
  if (!isNamed(options))
    return (
      <TagsInput
        aria-label={label}
        size="xs"
        miw={180}
        placeholder="Values, each with Enter"
        data={options.map((one) => one.value)}
        value={held}
        onChange={onChange}
      />
    );
  return (
    <MultiSelect
      aria-label={label}
      size="xs"
      miw={180}
      searchable
      placeholder={held.length === 0 ? 'Choose values' : undefined}
      data={withOthers(options, held, typed)}
      onSearchChange={setTyped}
      value={held}
      onChange={onChange}
    />
  );
}
