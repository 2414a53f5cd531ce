import { Badge, Group, Select, Text } from '@mantine/core';
import { IconLock, IconShield } from '@tabler/icons-react';
import { type AttributeChoice, type FieldChoice, useFieldChoices } from './choices.ts';

/** What a rule is about: searchable, by kind; marked where it is sensitive or where nothing feeds it. */
export function FieldSelect({ value, onChange }: { value: string; onChange: (field: string) => void }) {
  const { fields } = useFieldChoices();
  const known = new Map(fields.map((choice) => [choice.field, choice]));
  const groups = [...new Set(fields.map(({ group }) => group))];
  const isKnown = known.has(value);
  const name = value.slice(value.indexOf(':') + 1);
  return (
    <Select
      aria-label="What to look at"
      size="xs"
      w={{ base: '100%', xs: 220 }}
      searchable
      allowDeselect={false}
      placeholder="Choose what to look at"
      nothingFoundMessage="Nothing of that name"
      maxDropdownHeight={320}
      data={[
        ...(isKnown || name === '' ? [] : [{ group: 'In this rule', items: [{ value, label: name }] }]),
        ...groups.map((group) => ({
          group,
          items: fields
            .filter((choice) => choice.group === group)
            .map(({ field, label, attribute }) => ({
              value: field,
              label,
              disabled: attribute !== null && !attribute.isAllowed,
            })),
        })),
      ]}
      value={name === '' ? null : value}
      onChange={(chosen) => chosen && onChange(chosen)}
      renderOption={({ option }) => <FieldOption choice={known.get(option.value)} label={option.label} />}
      comboboxProps={{ width: 320, position: 'bottom-start' }}
    />
  );
}

function FieldOption({ choice, label }: { choice: FieldChoice | undefined; label: string }) {
  const note = choice?.attribute ? noteOf(choice.attribute) : null;
  return (
    <Group gap={6} justify="space-between" wrap="nowrap" w="100%">
      <Text size="sm">{label}</Text>
      {note}
    </Group>
  );
}

function noteOf({ sensitivity, isAllowed, state }: AttributeChoice) {
  if (sensitivity === 'sensitive')
    return (
      <Badge
        size="xs"
        color="red"
        variant="light"
        leftSection={isAllowed ? <IconShield size={10} /> : <IconLock size={10} />}
      >
        {isAllowed ? 'sensitive' : 'needs a lawful basis'}
      </Badge>
    );
  if (state === 'missing')
    return (
      <Badge size="xs" color="gray" variant="light">
        not mapped
      </Badge>
    );
  if (state === 'filling')
    return (
      <Badge size="xs" color="yellow" variant="light">
        filling
      </Badge>
    );
  if (state === 'problem')
    return (
      <Badge size="xs" color="red" variant="light">
        can't be read
      </Badge>
    );
  if (sensitivity === 'proxy')
    return (
      <Badge size="xs" color="orange" variant="light">
        may stand in for sensitive
      </Badge>
    );
  return null;
}

/** Says beside a rule what somebody should know of its attribute. */
export function FieldNote({ attribute }: { attribute: AttributeChoice | undefined }) {
  if (!attribute || (attribute.sensitivity === 'normal' && attribute.state === 'ready')) return null;
  return noteOf(attribute);
}
