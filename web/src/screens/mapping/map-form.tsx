import { Alert, Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { AttributeKind, AttributeType } from '../../../../src/model/attribute.ts';
import { Read } from '../../parts/states.tsx';
import { useApi, useChange } from '../../query.ts';
import type { Property } from './properties.tsx';
import { SENSITIVITIES, type Sensitivity } from './sensitivity.tsx';

const NEW = '+new';
const OWNERS = { contact: 'person', company: 'company', deal: 'deal' } as const;

const TYPES: AttributeType[] = ['text', 'number', 'money', 'boolean', 'date', 'datetime', 'enum', 'multi'];
const KINDS: AttributeKind[] = [
  'demographic',
  'geographic',
  'psychographic',
  'behavioural',
  'needs',
  'value',
  'firmographic',
  'lifecycle',
  'consent',
];

/** Which attribute a property feeds: a known one, or one that is described here. */
export function MapForm({
  id,
  property,
  attribute,
  onDone,
}: {
  id: string;
  property: Property;
  attribute: string | null;
  onDone: () => void;
}) {
  const query = useApi('GET /api/mapping');
  const [chosen, setChosen] = useState<string | null>(attribute);
  const [name, setName] = useState(property.label);
  const [key, setKey] = useState(keyOf(property.name));
  const [type, setType] = useState<AttributeType>('text');
  const [kind, setKind] = useState<AttributeKind>('behavioural');
  const [sensitivity, setSensitivity] = useState<Sensitivity>('normal');
  const map = useChange('PUT /api/connections/:id/mappings/:object/:attribute', {
    done: 'Mapped. The next run reads it for everybody; segments that use it wait until then.',
    quiet: true,
    onDone,
  });
  const isNew = chosen === NEW;
  return (
    <Read query={query} rows={3}>
      {({ attributes }) => {
        const possible = attributes.filter(
          (one) => one.owner === OWNERS[property.object] && one.source === 'mapped',
        );
        const current = possible
          .find((one) => one.key === chosen)
          ?.feeds.find((feed) => feed.connectionId === id && feed.object === property.object);
        return (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              if (!chosen) return;
              map.mutate({
                params: { id, object: property.object, attribute: isNew ? key : chosen },
                body: {
                  property: property.name,
                  ...(isNew && { describe: { name, type, kind, sensitivity } }),
                },
              });
            }}
          >
            <Stack>
              <Select
                label="Attribute"
                searchable
                required
                data={[
                  { value: NEW, label: 'A new attribute' },
                  ...possible.map((one) => ({ value: one.key, label: `${one.name} (${one.key})` })),
                ]}
                value={chosen}
                onChange={setChosen}
              />
              {property.calculated && (
                <Text size="sm">
                  The CRM works {property.label} out and does not say when it changes, so all its values are
                  read again once a day.
                </Text>
              )}
              {current && current.property !== property.name && (
                <Text size="sm">
                  It is fed by {current.property} now; {property.name} takes its place, and everybody is read
                  again.
                </Text>
              )}
              {isNew && (
                <>
                  <TextInput
                    label="Name"
                    required
                    value={name}
                    onChange={(event) => setName(event.currentTarget.value)}
                  />
                  <TextInput
                    label="Key"
                    description="Permanent: lower-case letters, digits and underscores."
                    required
                    value={key}
                    onChange={(event) => setKey(event.currentTarget.value)}
                  />
                  <Select
                    label="Type"
                    description="Permanent too."
                    allowDeselect={false}
                    data={TYPES}
                    value={type}
                    onChange={(value) => setType((value as AttributeType | null) ?? type)}
                  />
                  <Select
                    label="Kind"
                    allowDeselect={false}
                    data={KINDS}
                    value={kind}
                    onChange={(value) => setKind((value as AttributeKind | null) ?? kind)}
                  />
                  <Select
                    label="Sensitivity"
                    allowDeselect={false}
                    data={SENSITIVITIES}
                    value={sensitivity}
                    onChange={(value) => setSensitivity((value as Sensitivity | null) ?? sensitivity)}
                  />
                </>
              )}
              {map.error && (
                <Alert color="red" role="alert">
                  {map.error.problem.detail} {map.error.problem.action}
                  {map.error.problem.issues?.map(({ path, message }) => (
                    <div key={path}>
                      {path}: {message}
                    </div>
                  ))}
                </Alert>
              )}
              <Group justify="flex-end">
                <Button type="submit" disabled={!chosen} loading={map.isPending}>
                  Map it
                </Button>
              </Group>
            </Stack>
          </form>
        );
      }}
    </Read>
  );
}

/** A key after the property's own name: `Last_Cart_At__c` becomes last_cart_at. */
function keyOf(property: string): string {
  const plain = property
    .replace(/__c$/, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+|_+$/g, '');
  return plain.slice(0, 40) || 'attribute';
}
