import { Badge, Button, Group, Modal, Select, Stack, Switch, Text, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { useSearchParams } from 'react-router';
import { ownerOf } from '../../../../src/model/attribute.ts';
import type { Answer } from '../../api.ts';
import { count, counted } from '../../parts/figures.ts';
import { Empty, NoCrm, Read } from '../../parts/states.tsx';
import { Rows } from '../../parts/table.tsx';
import { useApi, useChange } from '../../query.ts';
import { MapForm } from './map-form.tsx';

export type Property = Answer<'GET /api/connections/:id/properties'>['items'][number];

const SHOWN = 100;

/** What a CRM has: what is read and stored of it, what is not, and what could be. */
export function Properties() {
  const connections = useApi('GET /api/connections');
  const [params, setParams] = useSearchParams();
  return (
    <Read query={connections}>
      {({ items }) => {
        const usable = items.filter(({ state }) => state !== 'disconnected');
        const id = usable.find((one) => one.id === params.get('connection'))?.id ?? usable[0]?.id;
        if (id === undefined) return <NoCrm>Its properties show here, with how full each is.</NoCrm>;
        return (
          <Stack>
            <Select
              label="Connection"
              maw={360}
              allowDeselect={false}
              data={usable.map((one) => ({ value: one.id, label: one.name }))}
              value={id}
              onChange={(value) => value && setParams({ tab: 'properties', connection: value })}
            />
            <OfConnection key={id} id={id} />
          </Stack>
        );
      }}
    </Read>
  );
}

function OfConnection({ id }: { id: string }) {
  const query = useApi('GET /api/connections/:id/properties', { params: { id } });
  const attributeName = useAttributeName();
  const [params] = useSearchParams();
  const attribute = params.get('attribute');
  const [search, setSearch] = useState('');
  const [onlyUnread, setOnlyUnread] = useState(false);
  const [chosen, setChosen] = useState<Property | null>(null);
  return (
    <Read query={query} rows={8}>
      {({ items }) => {
        const object = params.get('object');
        const wanted = search.trim().toLowerCase();
        const found = items
          .filter((one) => (!object || one.object === object) && (!onlyUnread || one.feeds.length === 0))
          .filter((one) => wanted === '' || `${one.label} ${one.name}`.toLowerCase().includes(wanted));
        const read = items.filter(({ feeds }) => feeds.length > 0).length;
        const suggested = items.filter(({ suggestion }) => suggestion !== null);
        return (
          <Stack>
            <Text size="sm">
              {count(read)} of {counted(items.length, 'property', 'properties')} are read and stored; the
              others never are.
            </Text>
            {suggested.length > 0 && <Suggestions id={id} suggested={suggested} />}
            {attribute && (
              <Text size="sm" role="status">
                Choose the property that feeds{' '}
                <b>{object ? attributeName(object as Property['object'], attribute) : attribute}</b>.
              </Text>
            )}
            <Group align="flex-end">
              <TextInput
                aria-label="Search properties"
                placeholder="Search"
                leftSection={<IconSearch size={16} />}
                value={search}
                onChange={(event) => setSearch(event.currentTarget.value)}
                style={{ flex: '1 1 220px' }}
              />
              <Switch
                label="Only those that are not read"
                checked={onlyUnread}
                onChange={(event) => setOnlyUnread(event.currentTarget.checked)}
              />
            </Group>
            <Rows
              name="Properties"
              rows={found.slice(0, SHOWN)}
              keyOf={(one) => one.object + one.name}
              empty={<Empty title="No property matches" />}
              columns={[
                {
                  head: 'Property',
                  cell: (one) => (
                    <>
                      {one.label}
                      <Text size="xs" c="dimmed">
                        {one.object}.{one.name}, {one.type}
                        {one.calculated && '; the CRM works it out'}
                      </Text>
                    </>
                  ),
                },
                {
                  head: 'Feeds',
                  cell: (one) =>
                    one.feeds.length > 0 ? (
                      <Group gap={4}>
                        {one.feeds.map((key) => (
                          <Badge key={key} variant="light" tt="none" title={key}>
                            {attributeName(one.object, key)}
                          </Badge>
                        ))}
                      </Group>
                    ) : (
                      <Text size="sm" c="dimmed">
                        nothing: not read
                      </Text>
                    ),
                },
                {
                  head: 'Change',
                  cell: (one) => (
                    <Button
                      size="compact-xs"
                      variant="default"
                      aria-label={`Map ${one.label} (${one.object})`}
                      onClick={() => setChosen(one)}
                    >
                      Map
                    </Button>
                  ),
                },
              ]}
            />
            {found.length > SHOWN && (
              <Text size="sm" c="dimmed">
                The first {SHOWN} of {count(found.length)}; search for others.
              </Text>
            )}
            <Modal
              opened={chosen !== null}
              onClose={() => setChosen(null)}
              title={`Map ${chosen?.label ?? ''}`}
            >
              {chosen && (
                <MapForm
                  id={id}
                  property={chosen}
                  attribute={attribute ?? chosen.suggestion}
                  onDone={() => setChosen(null)}
                />
              )}
            </Modal>
          </Stack>
        );
      }}
    </Read>
  );
}

/** What an attribute that records of an object feed is called; its key until the names are here. */
function useAttributeName(): (object: Property['object'], key: string) => string {
  const attributes = useApi('GET /api/attributes').data?.attributes;
  return (object, key) =>
    attributes?.find((one) => one.owner === ownerOf[object] && one.key === key)?.name ?? key;
}

/** Properties of a usual name that feed nothing yet. */
function Suggestions({ id, suggested }: { id: string; suggested: Property[] }) {
  const attributeName = useAttributeName();
  const map = useChange('PUT /api/connections/:id/mappings/:object/:attribute', {
    done: 'Mapped. The next run reads it for everybody.',
  });
  return (
    <Rows
      name="Suggestions"
      rows={suggested}
      keyOf={(one) => one.object + one.name}
      columns={[
        { head: 'Suggested', cell: ({ label, object }) => `${label} (${object})` },
        {
          head: 'Usually feeds',
          cell: ({ object, suggestion }) => suggestion && attributeName(object, suggestion),
        },
        {
          head: 'Change',
          cell: ({ object, name, label, suggestion }) => (
            <Button
              size="compact-xs"
              variant="default"
              aria-label={`Accept ${label}`}
              disabled={map.isPending}
              onClick={() =>
                suggestion &&
                map.mutate({ params: { id, object, attribute: suggestion }, body: { property: name } })
              }
            >
              Accept
            </Button>
          ),
        },
      ]}
    />
  );
}
