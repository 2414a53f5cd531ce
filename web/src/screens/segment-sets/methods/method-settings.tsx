import {
  Box,
  Button,
  Card,
  Code,
  Fieldset,
  Group,
  MultiSelect,
  NumberInput,
  Select,
  Stack,
  Switch,
  Text,
  TextInput,
} from '@mantine/core';
import type { Condition } from '../../../../../src/segmentation/condition.ts';
import type { Answer } from '../../../api.ts';
import { useApi } from '../../../query.ts';
import { Rhythm } from '../about.tsx';
import type { Choices } from '../builder/choices.ts';
import { ConditionBuilder } from '../builder/condition-builder.tsx';
import { Duration } from '../builder/value-input.tsx';
import { fieldOf, withFields } from '../change-definition.ts';
import type { Draft } from '../use-draft.ts';
import { humanised } from '../words.ts';

type Setting = Answer<'GET /api/methods'>['items'][number]['settings'][number];
type Given = {
  setting: Setting;
  value: unknown;
  onChange: (value: unknown) => void;
  choices: Choices;
  draft: Draft;
};

const LABELS: Record<string, string> = {
  of: 'Divided by',
  among: 'Who is divided',
  learn: 'Learned again',
  where: 'Which deals count',
  scope: 'Whose deals',
  k: 'Number of groups',
  minShare: 'Smallest group, percent',
  seed: 'Like the members of',
  cases: 'What is learned from',
};

/** Where a word says more than the value itself. */
const OPTIONS: Record<string, string> = {
  mbg_nbd: 'MBG/NBD (usual)',
  bg_nbd: 'BG/NBD',
  pareto_nbd: 'Pareto/NBD',
  credited: 'deals credited to them',
  involved: 'deals that they take part in',
  auto: 'chosen from the data',
};

/** The settings of a method, as its schema describes them. */
export function MethodSettings({
  draft,
  choices,
  mayEdit,
}: {
  draft: Draft;
  choices: Choices;
  mayEdit: boolean;
}) {
  const methods = useApi('GET /api/methods');
  const settings = methods.data?.items.find(({ method }) => method === draft.definition.method)?.settings;
  if (!settings) return null;
  return (
    <Card withBorder padding="sm">
      <Fieldset variant="unstyled" legend={<Text fw={600}>Settings</Text>} disabled={!mayEdit}>
        <Stack gap="sm" mt="xs">
          {settings.map((setting) => (
            <Box key={setting.key} maw={setting.kind === 'condition' ? undefined : 560}>
              <SettingInput
                setting={setting}
                choices={choices}
                draft={draft}
                value={fieldOf(draft.definition, setting.key)}
                onChange={(value) => draft.change(withFields(draft.definition, { [setting.key]: value }))}
              />
            </Box>
          ))}
        </Stack>
      </Fieldset>
    </Card>
  );
}

function SettingInput(given: Given) {
  const { setting, value, onChange, choices } = given;
  const label = LABELS[setting.key] ?? humanised(setting.key);
  const common = { label, description: setting.help };
  switch (setting.kind) {
    case 'number':
      return (
        <NumberInput
          {...common}
          w={{ base: '100%', xs: 300 }}
          {...(setting.min !== undefined && { min: setting.min })}
          {...(setting.max !== undefined && { max: setting.max })}
          value={typeof value === 'number' ? value : ''}
          onChange={(now) => onChange(now === '' ? undefined : now)}
        />
      );
    case 'choice':
      return (
        <Select
          {...common}
          allowDeselect={setting.isOptional && setting.default === undefined}
          data={(setting.options ?? []).map((option) => ({
            value: option,
            label: OPTIONS[option] ?? option.replaceAll('_', ' '),
          }))}
          {...(setting.default === undefined && { placeholder: 'as usual' })}
          value={typeof value === 'string' ? value : null}
          onChange={(chosen) => onChange(chosen ?? undefined)}
        />
      );
    case 'yesNo':
      return (
        <Switch
          {...common}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case 'text':
      return (
        <TextInput
          {...common}
          value={typeof value === 'string' ? value : ''}
          onChange={(event) => onChange(event.currentTarget.value || undefined)}
        />
      );
    case 'duration':
      return (
        <Described label={label} help={setting.help}>
          <Duration
            label={label}
            value={String(value ?? '')}
            onChange={(now) => onChange(now || undefined)}
          />
        </Described>
      );
    case 'rhythm':
      return (
        <Rhythm
          label={label}
          help={setting.help}
          value={typeof value === 'string' ? value : undefined}
          onChange={(now) => onChange(now ?? undefined)}
        />
      );
    case 'measure':
      return <MeasureInput {...given} label={label} />;
    case 'features':
      return (
        <MultiSelect
          {...common}
          searchable
          data={featureOptions(choices, value)}
          value={Array.isArray(value) ? value.map(nameOfFeature) : []}
          onChange={(chosen) => onChange(chosen.map((name) => featureOfName(name, value)))}
        />
      );
    case 'segment':
      return (
        <Select
          {...common}
          searchable
          data={choices.segments[choices.subject].map(({ value: key, label: name, group }) => ({
            value: key,
            label: `${group}: ${name}`,
          }))}
          value={typeof value === 'string' ? value : null}
          onChange={(chosen) => onChange(chosen ?? undefined)}
        />
      );
    case 'condition':
      return <ConditionInput {...given} label={label} />;
    case 'yaml':
      return (
        <Described label={label} help={setting.help}>
          <Text size="sm">
            {value === undefined ? 'As usual' : shown(value)}
            <Text span size="xs" c="dimmed">
              {' '}
              · changed in the YAML tab
            </Text>
          </Text>
        </Described>
      );
  }
}

/** `3 to 5` of a range, a plain value as it is; what has parts of its own stays code. */
function shown(value: unknown) {
  if (Array.isArray(value) && value.length === 2 && value.every((one) => typeof one === 'number'))
    return value.join(' to ');
  return typeof value === 'object' ? <Code>{JSON.stringify(value)}</Code> : String(value);
}

function Described({ label, help, children }: { label: string; help: string; children: React.ReactNode }) {
  return (
    <div>
      <Text size="sm" fw={600}>
        {label}
      </Text>
      <Text size="xs" c="dimmed" mb={4}>
        {help}
      </Text>
      {children}
    </div>
  );
}

/** A number or date: an attribute or a score; what is worked out from deals is written in the YAML. */
function MeasureInput({ setting, value, onChange, choices, label }: Given & { label: string }) {
  const wants = setting.key === 'recency' ? ['date', 'datetime'] : ['number', 'money'];
  const attributes = choices
    .ofOwner(choices.subject)
    .filter(({ type, state }) => wants.includes(type) && state !== 'missing')
    .map(({ key, name }) => ({ value: key, label: name }));
  const scores = choices.fields
    .filter(({ field }) => field.startsWith('score:') && setting.key !== 'recency')
    .map(({ field, label: name }) => ({ value: field, label: name }));
  const score = typeof value === 'object' && value !== null ? fieldOf(value, 'score') : undefined;
  const isOther = typeof value === 'object' && value !== null && score === undefined;
  const own = typeof score === 'string' ? `score:${score}` : String(value ?? '');
  return (
    <Select
      label={label}
      description={setting.help}
      searchable
      allowDeselect={false}
      data={[
        ...(isOther
          ? [{ group: 'In the YAML', items: [{ value: 'other', label: JSON.stringify(value) }] }]
          : []),
        { group: 'Attributes', items: attributes },
        { group: 'Scores', items: scores },
      ]}
      value={isOther ? 'other' : own}
      onChange={(chosen) => {
        if (chosen === null || chosen === 'other') return;
        onChange(chosen.startsWith('score:') ? { score: chosen.slice(6) } : chosen);
      }}
    />
  );
}

/** Attributes of the subject, `company.KEY` of the company; what is worked out from deals by its text. */
function nameOfFeature(feature: unknown): string {
  if (typeof feature === 'string') return feature;
  const company = typeof feature === 'object' && feature !== null ? fieldOf(feature, 'company') : undefined;
  return typeof company === 'string' ? `company.${company}` : JSON.stringify(feature);
}

function featureOfName(name: string, before: unknown): unknown {
  const known = Array.isArray(before) ? before.find((feature) => nameOfFeature(feature) === name) : undefined;
  if (known !== undefined) return known;
  return name.startsWith('company.') ? { company: name.slice(8) } : name;
}

function featureOptions(choices: Choices, value: unknown) {
  const usable = (owner: 'person' | 'company', prefix: string) =>
    choices
      .ofOwner(owner)
      .filter(({ state, isAllowed, kind }) => state !== 'missing' && isAllowed && kind !== 'identity')
      .map(({ key, name }) => ({ value: `${prefix}${key}`, label: prefix ? `Company: ${name}` : name }));
  const offered = [
    ...usable(choices.subject, ''),
    ...(choices.subject === 'person' ? usable('company', 'company.') : []),
  ];
  const have = new Set(offered.map((one) => one.value));
  const others = (Array.isArray(value) ? value.map(nameOfFeature) : []).filter((name) => !have.has(name));
  // What the definition holds already stays, with its name where it has one: attributes that nothing feeds too.
  const nameOf = (key: string) =>
    choices.attribute(choices.subject, key)?.name ??
    (key.startsWith('company.') ? choices.attribute('company', key.slice('company.'.length))?.name : key) ??
    key;
  return [...offered, ...others.map((key) => ({ value: key, label: nameOf(key) }))];
}

function ConditionInput({ setting, value, onChange, choices, draft, label }: Given & { label: string }) {
  const condition = typeof value === 'object' && value !== null ? (value as Condition) : null;
  return (
    <Described label={label} help={setting.help}>
      {condition === null ? (
        <Button
          size="compact-sm"
          variant="light"
          onClick={() => onChange({ all: [{ attribute: 'deal_count', atLeast: 1 }] })}
        >
          Everybody; choose only some…
        </Button>
      ) : (
        <Stack gap={6}>
          <ConditionBuilder
            condition={condition}
            choices={choices}
            counts={null}
            onChange={(next, missing) => {
              draft.lacks(setting.key, missing);
              if (next) onChange(next);
            }}
          />
          <Group>
            <Button size="compact-sm" variant="subtle" onClick={() => onChange(undefined)}>
              Divide everybody instead
            </Button>
          </Group>
        </Stack>
      )}
    </Described>
  );
}
