import { Badge, Box, Checkbox, Group, SegmentedControl, Select, Text, Tooltip } from '@mantine/core';
import { createContext, useContext } from 'react';
import type {
  CombinatorSelectorProps,
  FieldSelectorProps,
  NotToggleProps,
  ValueEditorProps,
  VersatileSelectorProps,
} from 'react-querybuilder';
import { count, share } from '../../../parts/figures.ts';
import { typeOfField, useFieldChoices } from './choices.ts';
import { ContactsEditor } from './contacts-editor.tsx';
import { DealsEditor } from './deals-editor.tsx';
import { FieldNote, FieldSelect } from './field-select.tsx';
import { readField } from './tree.ts';
import { ValueInput } from './value-input.tsx';
import { wordOf } from './vocabulary.ts';
import { YamlInput } from './yaml-input.tsx';

/** What a part of the outermost group keeps and drops; null while it is counted. */
export type RuleCount = { kept: number; dropped: number; unknown: number };
export type RuleScene = {
  counts: RuleCount[] | null;
  notes: Record<string, string>;
  /** Are the parts alternatives, or taken one after the other? */
  isAny: boolean;
  negate(path: readonly number[], isNegated: boolean): void;
};
export const RuleSceneContext = createContext<RuleScene>({
  counts: null,
  notes: {},
  isAny: false,
  negate: () => {},
});

export function FieldEditor({ value, handleOnChange }: FieldSelectorProps) {
  return <FieldSelect value={value ?? ''} onChange={handleOnChange} />;
}

/** How it compares, where the rule has one comparison. */
export function OperatorEditor({ value, handleOnChange, rule, path }: VersatileSelectorProps) {
  const choices = useFieldChoices();
  const { negate } = useContext(RuleSceneContext);
  const field = rule?.field ?? '';
  const type = typeOfField(field, choices);
  const isNegated = rule?.meta?.negated === true;
  const not = (
    <Tooltip label="Turns the rule round: those for whom it is known not to hold">
      <Checkbox
        size="xs"
        label="not"
        checked={isNegated}
        onChange={(event) => negate(path, event.currentTarget.checked)}
      />
    </Tooltip>
  );
  if (type === null) return not;
  return (
    <>
      {not}
      <Select
        aria-label="How it compares"
        size="xs"
        w={150}
        allowDeselect={false}
        data={choices.operatorsOf(type).map((operator) => ({ value: operator, label: wordOf(operator) }))}
        value={value ?? null}
        onChange={(chosen) => chosen && handleOnChange(chosen)}
      />
    </>
  );
}

export function ValueEditor({ field, operator, value, handleOnChange, path }: ValueEditorProps) {
  const choices = useFieldChoices();
  const subject = readField(field);
  const type = typeOfField(field, choices);
  const owner = 'ofCompany' in subject && subject.ofCompany ? ('company' as const) : choices.subject;
  const attribute = subject.kind === 'attribute' ? choices.attribute(owner, subject.name) : undefined;
  return (
    <>
      {subject.kind === 'segment' && (
        <Select
          aria-label="Segment"
          size="xs"
          w={240}
          searchable
          allowDeselect={false}
          placeholder="Choose a segment"
          data={grouped(choices.segments[owner])}
          value={typeof value === 'string' ? value : null}
          onChange={handleOnChange}
        />
      )}
      {subject.kind === 'deals' && (
        <DealsEditor value={value} onChange={handleOnChange} ofCompany={subject.ofCompany} />
      )}
      {subject.kind === 'contacts' && <ContactsEditor value={value} onChange={handleOnChange} />}
      {subject.kind === 'yaml' && field !== '' && field !== 'attribute:' && (
        <YamlInput label="Condition as YAML" value={value} onChange={handleOnChange} />
      )}
      {type !== null && (
        <ValueInput
          operator={operator}
          type={type}
          value={value}
          onChange={handleOnChange}
          of={attribute ? { owner, key: attribute.key } : undefined}
          name={attribute?.name ?? 'the score'}
          currency={choices.currency}
        />
      )}
      <FieldNote attribute={attribute} />
      <Counted path={path} />
      <Note path={path} />
    </>
  );
}

function grouped(segments: { value: string; label: string; group: string }[]) {
  return [...new Set(segments.map(({ group }) => group))].map((group) => ({
    group,
    items: segments.filter((one) => one.group === group).map(({ value, label }) => ({ value, label })),
  }));
}

/** A finding about just this rule. */
function Note({ path }: { path: readonly number[] }) {
  const says = useContext(RuleSceneContext).notes[JSON.stringify(path)];
  if (says === undefined) return null;
  return (
    <Text size="xs" w="100%" className="finding">
      {says}
    </Text>
  );
}

/** What the part keeps and drops, beside each part of the outermost group. */
function Counted({ path }: { path: readonly number[] }) {
  const { counts, isAny } = useContext(RuleSceneContext);
  const [index, ...deeper] = path;
  const own = index === undefined || deeper.length > 0 ? undefined : counts?.[index];
  if (!own) return null;
  const total = own.kept + own.dropped;
  const words = isAny
    ? `holds for ${count(own.kept)}`
    : `keeps ${count(own.kept)}, drops ${count(own.dropped)}`;
  const unknown = own.unknown > 0 ? `; not known for ${count(own.unknown)}` : '';
  return (
    <Group gap={6} wrap="nowrap" ml="auto" className="rule-count">
      <Box className="rule-bar" aria-hidden>
        <Box className="rule-bar-kept" style={{ width: `${total === 0 ? 0 : (own.kept / total) * 100}%` }} />
      </Box>
      <Tooltip label={`${share(total === 0 ? 0 : own.kept / total)} of those that were left${unknown}`}>
        <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
          {words}
        </Text>
      </Tooltip>
      {own.unknown > 0 && own.unknown >= own.dropped / 2 && own.dropped > 0 && (
        <Tooltip label={`${count(own.unknown)} are dropped because the value is not known`}>
          <Badge size="xs" color="gray" variant="light">
            unknown
          </Badge>
        </Tooltip>
      )}
    </Group>
  );
}

export function CombinatorEditor({ value, handleOnChange, path }: CombinatorSelectorProps) {
  return (
    <>
      <SegmentedControl
        aria-label="How the conditions of this group stand together"
        size="xs"
        data={[
          { value: 'and', label: 'all of' },
          { value: 'or', label: 'any of' },
        ]}
        value={value ?? 'and'}
        onChange={handleOnChange}
      />
      {path.length > 0 && <Counted path={path} />}
    </>
  );
}

export function NotEditor({ checked, handleOnChange }: NotToggleProps) {
  return (
    <Checkbox
      size="xs"
      label="not"
      checked={checked ?? false}
      onChange={(event) => handleOnChange(event.currentTarget.checked)}
    />
  );
}
