import {
  Checkbox,
  Fieldset,
  Group,
  NumberInput,
  Select,
  SimpleGrid,
  Stack,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core';
import { fieldOf, withFields } from './change-definition.ts';
import type { Desk, Draft } from './use-draft.ts';

const USES = [
  { value: 'marketing', label: 'Marketing' },
  { value: 'sales', label: 'Sales' },
  { value: 'service', label: 'Service' },
  { value: 'routing', label: 'Routing' },
  { value: 'analysis', label: 'Analysis only' },
  { value: 'eligibility', label: 'Price, credit or access (a person decides)' },
];
const BASES = [
  'consent',
  'contract',
  'legal_obligation',
  'vital_interests',
  'public_task',
  'legitimate_interests',
];

/** Why it is there, who answers for it, and where its labels are written. */
export function About({ draft, desk, mayEdit }: { draft: Draft; desk: Desk; mayEdit: boolean }) {
  const { definition } = draft;
  const set = (fields: Record<string, unknown>) => draft.change(withFields(definition, fields));
  const text = (key: 'name' | 'description' | 'goal' | 'owner' | 'purpose') => ({
    'data-place': key,
    value: definition[key] ?? '',
    onChange: (event: { currentTarget: { value: string } }) => set({ [key]: event.currentTarget.value }),
  });
  return (
    <Fieldset variant="unstyled" disabled={!mayEdit}>
      <Stack>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput label="Name" maxLength={100} {...text('name')} />
          <TextInput
            label="Owner"
            description="Who answers for it"
            inputWrapperOrder={['label', 'input', 'description']}
            maxLength={200}
            {...text('owner')}
          />
        </SimpleGrid>
        <Textarea
          label="Goal"
          description="What the business wants from it, in a sentence that can turn out wrong"
          autosize
          maxLength={500}
          {...text('goal')}
        />
        <Textarea label="Description" autosize maxLength={1000} {...text('description')} />
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <Select
            label="Used for"
            data-place="use"
            allowDeselect={false}
            data={USES}
            value={definition.use}
            onChange={(use) => use && set({ use })}
          />
          {definition.method === 'rules' && (
            <Select
              label="Labels for each customer"
              description={desk.published ? 'Fixed since it was published' : undefined}
              inputWrapperOrder={['label', 'input', 'description']}
              disabled={desk.published !== null}
              allowDeselect={false}
              data={[
                { value: 'one', label: 'One: the first that holds' },
                { value: 'many', label: 'Many: all that hold' },
              ]}
              value={definition.labels}
              onChange={(labels) => labels && set({ labels })}
            />
          )}
        </SimpleGrid>
        {definition.subject === 'person' && (
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <TextInput
              label="Purpose"
              description="Why these people are profiled; goes into the record of processing"
              maxLength={500}
              {...text('purpose')}
            />
            <Select
              label="Lawful basis"
              data-place="lawfulBasis"
              description="Under GDPR article 6"
              clearable
              data={BASES.map((value) => ({ value, label: value.replaceAll('_', ' ') }))}
              value={definition.lawfulBasis ?? null}
              onChange={(lawfulBasis) => set({ lawfulBasis: lawfulBasis ?? undefined })}
            />
          </SimpleGrid>
        )}
        <div data-place="review">
          <Rhythm
            label="Look at it again"
            value={definition.review}
            onChange={(review) => set({ review: review ?? undefined })}
          />
        </div>
        <Targets draft={draft} />
      </Stack>
    </Fieldset>
  );
}

const UNITS = ['days', 'weeks', 'months', 'quarters', 'years'];

/** A rhythm, as in `every 3 months`. */
export function Rhythm({
  label,
  value,
  onChange,
  help,
}: {
  label: string;
  value: string | undefined;
  onChange: (value: string | null) => void;
  help?: string;
}) {
  const [, amount = '', unit = 'months'] = /^every (\d+) (\w+?)s?$/.exec(value ?? '') ?? [];
  const plural = `${unit.replace(/s$/, '')}s`;
  const write = (number: string, of: string) =>
    onChange(number === '' ? null : `every ${number} ${number === '1' ? of.replace(/s$/, '') : of}`);
  return (
    <div>
      <Text size="sm" fw={600}>
        {label}
      </Text>
      {help && (
        <Text size="xs" c="dimmed">
          {help}
        </Text>
      )}
      <Group gap={6}>
        <Text size="sm">every</Text>
        <NumberInput
          aria-label={`${label}: every`}
          w={80}
          min={1}
          max={999}
          allowDecimal={false}
          value={amount === '' ? '' : Number(amount)}
          onChange={(now) => write(String(now), plural)}
        />
        <Select
          aria-label={`${label}: unit`}
          w={120}
          allowDeselect={false}
          data={UNITS}
          value={plural}
          onChange={(chosen) => write(amount || '1', chosen ?? 'months')}
        />
      </Group>
    </div>
  );
}

type Target = { key: string; label: string; byDefault: boolean };
const TARGETS: Record<'hubspot' | 'salesforce' | 'csv', { name: string; flags: Target[] }> = {
  hubspot: {
    name: 'HubSpot',
    flags: [
      { key: 'property', label: 'Property', byDefault: true },
      { key: 'why', label: 'Why, beside the label', byDefault: false },
    ],
  },
  salesforce: {
    name: 'Salesforce',
    flags: [
      { key: 'field', label: 'Picklist field', byDefault: true },
      { key: 'primary', label: 'First of many, as a field of its own', byDefault: true },
      { key: 'listView', label: 'A list view per segment', byDefault: false },
      { key: 'campaign', label: 'A campaign per segment', byDefault: false },
      { key: 'why', label: 'Why, beside the label', byDefault: false },
    ],
  },
  csv: { name: 'CSV', flags: [{ key: 'file', label: 'A file', byDefault: true }] },
};

/** Where labels are written; a CRM that is left as it is gets its usual ones. */
function Targets({ draft }: { draft: Draft }) {
  const { definition } = draft;
  const targets = definition.targets ?? {};
  const set = (system: string, fields: Record<string, unknown>) => {
    const own = fieldOf(targets, system);
    const before = typeof own === 'object' && own !== null ? own : {};
    draft.change(withFields(definition, { targets: { ...targets, [system]: { ...before, ...fields } } }));
  };
  return (
    <Fieldset legend="Where its labels are written" p="sm">
      <Text size="xs" c="dimmed" mb="xs">
        Nothing is written before you publish and release it. Every connected CRM gets its property if nothing
        is chosen.
      </Text>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        {Object.entries(TARGETS).map(([system, { name, flags }]) => {
          const own = fieldOf(targets, system);
          const chosen = typeof own === 'object' && own !== null ? own : {};
          return (
            <Stack gap={6} key={system} role="group" aria-label={name}>
              <Text size="sm" fw={600}>
                {name}
              </Text>
              {flags
                .filter(({ key }) => key !== 'primary' || definition.labels === 'many')
                .map(({ key, label, byDefault }) => {
                  const value = fieldOf(chosen, key);
                  return (
                    <Checkbox
                      key={key}
                      label={label}
                      checked={typeof value === 'boolean' ? value : byDefault}
                      onChange={(event) => set(system, { [key]: event.currentTarget.checked })}
                    />
                  );
                })}
              {system === 'hubspot' && (
                <Select
                  label="Lists"
                  size="xs"
                  allowDeselect={false}
                  data={[
                    { value: 'none', label: 'None' },
                    { value: 'dynamic', label: 'Dynamic, by the property' },
                    { value: 'manual', label: 'Manual, members written' },
                  ]}
                  value={String(fieldOf(chosen, 'list') ?? 'none')}
                  onChange={(list) => set(system, { list: list === 'none' ? undefined : list })}
                />
              )}
            </Stack>
          );
        })}
      </SimpleGrid>
      {definition.subject === 'company' && (
        <Checkbox
          mt="sm"
          label="Also on the records of the people who work there"
          checked={definition.handDown ?? false}
          onChange={(event) =>
            draft.change(withFields(definition, { handDown: event.currentTarget.checked || undefined }))
          }
        />
      )}
    </Fieldset>
  );
}
