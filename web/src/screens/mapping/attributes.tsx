import {
  Accordion,
  Anchor,
  Badge,
  Button,
  Group,
  Modal,
  Progress,
  SegmentedControl,
  Stack,
  Switch,
  Text,
  TextInput,
} from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'react-router';
import type { Answer } from '../../api.ts';
import { count, counted, share } from '../../parts/figures.ts';
import { Empty, Read, Way } from '../../parts/states.tsx';
import { Rows } from '../../parts/table.tsx';
import { useApi, useChange } from '../../query.ts';
import { useMay } from '../../session.ts';
import { SensitivityForm } from './sensitivity.tsx';

export type Attribute = Answer<'GET /api/mapping'>['attributes'][number];
type Owner = Attribute['owner'];

const OWNERS: { value: Owner; label: string }[] = [
  { value: 'person', label: 'People' },
  { value: 'company', label: 'Companies' },
  { value: 'deal', label: 'Deals' },
];

/** In the order in which people think of customers. */
const KINDS: Record<Attribute['kind'], string> = {
  demographic: 'Demographic: who they are',
  geographic: 'Geographic: where they are',
  firmographic: 'Firmographic: what kind of company',
  behavioural: 'Behavioural: what they do',
  value: 'Value: what they bring in',
  needs: 'Needs: what they look for',
  psychographic: 'Psychographic: what they care about',
  lifecycle: 'Lifecycle: how far they have come',
  consent: 'Consent: what they allowed',
  identity: 'Identity: how they are known',
};

/** Attributes by kind, with what feeds them and how many have a value. */
export function Attributes() {
  const query = useApi('GET /api/mapping');
  const [owner, setOwner] = useState<Owner>('person');
  const [search, setSearch] = useState('');
  const [withMissing, setWithMissing] = useState(false);
  return (
    <Read query={query} rows={8}>
      {({ attributes }) => {
        const wanted = search.trim().toLowerCase();
        const shown = attributes.filter(
          (one) =>
            one.owner === owner &&
            (withMissing || one.state !== 'missing') &&
            (wanted === '' || `${one.name} ${one.key}`.toLowerCase().includes(wanted)),
        );
        const missing = attributes.filter((one) => one.owner === owner && one.state === 'missing').length;
        const problems = attributes.filter(({ state }) => state === 'problem');
        return (
          <Stack>
            {problems.length > 0 && (
              <Text size="sm" role="status">
                {counted(problems.length, 'attribute')} can’t be read now:{' '}
                {problems.map(({ name }) => name).join(', ')}.
              </Text>
            )}
            <Group align="flex-end">
              <SegmentedControl
                aria-label="Whose attributes"
                value={owner}
                onChange={(value) => setOwner(value as Owner)}
                data={OWNERS}
              />
              <TextInput
                aria-label="Search attributes"
                placeholder="Search"
                leftSection={<IconSearch size={16} />}
                value={search}
                onChange={(event) => setSearch(event.currentTarget.value)}
                style={{ flex: '1 1 200px' }}
              />
              <Switch
                label={`With ${count(missing)} that nothing feeds`}
                checked={withMissing}
                onChange={(event) => setWithMissing(event.currentTarget.checked)}
              />
            </Group>
            {shown.length === 0 ? (
              <Empty
                title={search.trim() === '' ? 'Nothing is fed yet' : 'No attribute matches'}
                action={search.trim() === '' && <Way to="/connections">See the connections</Way>}
              >
                {search.trim() === ''
                  ? 'A connected CRM feeds most of the standard attributes by itself; the switch shows them all.'
                  : 'Look for another word. Standard attributes that nothing feeds show with the switch.'}
              </Empty>
            ) : (
              <Accordion multiple defaultValue={Object.keys(KINDS)} variant="separated" order={2}>
                {Object.entries(KINDS).map(([kind, title]) => {
                  const own = shown.filter((one) => one.kind === kind);
                  if (own.length === 0) return null;
                  return (
                    <Accordion.Item key={kind} value={kind}>
                      <Accordion.Control>
                        <Text span fw={600} size="sm">
                          {title}
                        </Text>{' '}
                        <Text span size="sm" c="dimmed">
                          {count(own.length)}
                        </Text>
                      </Accordion.Control>
                      <Accordion.Panel>
                        <AttributeRows name={title} attributes={own} />
                      </Accordion.Panel>
                    </Accordion.Item>
                  );
                })}
              </Accordion>
            )}
          </Stack>
        );
      }}
    </Read>
  );
}

const nameOf = ({ owner, key }: Attribute): string => `${owner}.${key}`;

function AttributeRows({ name, attributes }: { name: string; attributes: Attribute[] }) {
  const [openedName, setOpened] = useState<string | null>(null);
  // By name: what the dialog shows follows what is read anew after a change.
  const opened = attributes.find((one) => nameOf(one) === openedName) ?? null;
  return (
    <>
      <Rows
        name={name}
        rows={attributes}
        keyOf={nameOf}
        columns={[
          {
            head: 'Attribute',
            width: '27%',
            cell: (one) => (
              <>
                <Group gap={6}>
                  <Anchor
                    component="button"
                    type="button"
                    size="sm"
                    ta="left"
                    onClick={() => setOpened(nameOf(one))}
                  >
                    {one.name}
                  </Anchor>
                  {one.sensitivity !== 'normal' && (
                    <Badge
                      size="sm"
                      variant="light"
                      title={one.sensitivity === 'proxy' ? 'May stand in for something sensitive' : undefined}
                      color={one.sensitivity === 'sensitive' ? 'red' : 'yellow'}
                    >
                      {one.sensitivity}
                    </Badge>
                  )}
                </Group>
                <Text size="xs" c="dimmed">
                  {one.key}, {one.type}
                </Text>
              </>
            ),
          },
          { head: 'Fed by', width: '43%', cell: (one) => <FedBy attribute={one} /> },
          { head: 'Known', width: '16%', cell: (one) => <Known attribute={one} /> },
          {
            head: 'Used by',
            cell: ({ usedBy }) => (usedBy.length === 0 ? '–' : counted(usedBy.length, 'segment set')),
          },
        ]}
      />
      <Modal opened={opened !== null} onClose={() => setOpened(null)} title={opened?.name} size="lg">
        {opened && <Details attribute={opened} onDone={() => setOpened(null)} />}
      </Modal>
    </>
  );
}

function FedBy({ attribute }: { attribute: Attribute }) {
  if (attribute.source === 'computed') return <Text size="sm">worked out from deals</Text>;
  if (attribute.source === 'score') return <Text size="sm">learned</Text>;
  if (attribute.feeds.length === 0)
    return (
      <Text size="sm" c="dimmed">
        nothing
      </Text>
    );
  return (
    <>
      {attribute.feeds.map((feed) => (
        <Text size="sm" component="div" key={feed.connectionId + feed.object}>
          {feed.connection}: {feed.property}
          {feed.problem && (
            <Badge ml={6} size="sm" variant="light" color="red" tt="none">
              can’t be read
            </Badge>
          )}
          {feed.calculated && !feed.problem && (
            <Text size="xs" c="dimmed">
              worked out by the CRM: read again once a day
            </Text>
          )}
          {!feed.filled && !feed.problem && (
            <Badge ml={6} size="sm" variant="light" color="blue" tt="none">
              filling
            </Badge>
          )}
        </Text>
      ))}
    </>
  );
}

function Known({ attribute: { known, total, state, name } }: { attribute: Attribute }) {
  if (state === 'missing' || total === 0) return '–';
  return (
    <Group gap={8} wrap="nowrap">
      <Progress
        w={60}
        size="sm"
        value={(100 * known) / total}
        aria-label={`${name}: ${share(known / total)} known`}
      />
      <Text size="sm" style={{ fontVariantNumeric: 'tabular-nums' }}>
        {share(known / total)}
      </Text>
    </Group>
  );
}

/** One attribute: its most frequent values, who uses it, and its feeds to take away. */
function Details({ attribute, onDone }: { attribute: Attribute; onDone: () => void }) {
  const mayEdit = useMay('edit');
  const mayAdminister = useMay('administer');
  const { owner, key, feeds, usedBy, state } = attribute;
  const values = useApi(
    'GET /api/attributes/:owner/:key/values',
    { params: { owner, key } },
    { enabled: state !== 'missing' },
  );
  const remove = useChange('DELETE /api/connections/:id/mappings/:object/:attribute', {
    done: 'What was read of it is deleted. Segments follow with the next run.',
    onDone,
  });
  return (
    <Stack>
      {attribute.description && <Text size="sm">{attribute.description}</Text>}
      <Text size="sm">
        {owner}.{key}, {attribute.type}.{' '}
        {attribute.empty === 'unknown'
          ? 'An empty value means not known.'
          : `An empty value means ${attribute.empty === 'false' ? 'no' : 'zero'}.`}{' '}
        {attribute.repVisible ? 'Reps see its values.' : 'Reps do not see its values.'}
      </Text>
      {attribute.sensitivity === 'proxy' && (
        <Text size="sm">A proxy: it can stand in for sensitive data, as a postal code does for origin.</Text>
      )}
      {attribute.sensitivity === 'sensitive' && !attribute.isAllowed && (
        <Text size="sm">
          No segment can use it until its lawful basis is on record, under{' '}
          <Anchor component={Link} to="/privacy" size="sm" underline="always">
            Privacy
          </Anchor>
          .
        </Text>
      )}
      {usedBy.length > 0 && (
        <Text size="sm">
          Used by{' '}
          {usedBy.map((set, index) => (
            <span key={set}>
              {index > 0 && ', '}
              <Anchor component={Link} to={`/segment-sets/${set}`} size="sm" underline="always">
                {set}
              </Anchor>
            </span>
          ))}
          .
        </Text>
      )}
      {mayAdminister && state !== 'missing' && <SensitivityForm attribute={attribute} />}
      {feeds.map((feed) => (
        <Group key={feed.connectionId + feed.object} justify="space-between">
          <div>
            <Text size="sm">
              {feed.connection}: {feed.property}
            </Text>
            {feed.problem && (
              <Text size="sm" c="dimmed">
                {feed.problem}
              </Text>
            )}
            {feed.calculated && !feed.problem && (
              <Text size="sm" c="dimmed">
                {feed.connection} works it out and does not say when it changes, so all its values are read
                again once a day.
              </Text>
            )}
          </div>
          {mayEdit && (
            <Group gap="xs">
              <Button
                size="compact-xs"
                variant="default"
                component={Link}
                to={`/mapping?tab=properties&connection=${feed.connectionId}&object=${feed.object}&attribute=${key}`}
                onClick={onDone}
              >
                Choose another property
              </Button>
              <Button
                size="compact-xs"
                variant="subtle"
                color="red"
                aria-label={`Take away ${feed.property} of ${feed.connection}`}
                loading={remove.isPending}
                onClick={() =>
                  remove.mutate({ params: { id: feed.connectionId, object: feed.object, attribute: key } })
                }
              >
                Take away
              </Button>
            </Group>
          )}
        </Group>
      ))}
      {state !== 'missing' && (
        <Read query={values} rows={3}>
          {(found) => (
            <Rows
              name={`Values of ${attribute.name}`}
              rows={found.values.filter((one) => one.count > 0).slice(0, 12)}
              keyOf={({ value }) => value}
              empty={
                <Text size="sm" c="dimmed">
                  No samples: values that name people, are sensitive, or are numbers and dates are not listed.
                </Text>
              }
              columns={[
                {
                  head: 'Most frequent values',
                  cell: ({ value, name }) => (
                    <>
                      {name}
                      {name !== value && (
                        <Text span size="xs" c="dimmed">
                          {' '}
                          {value}
                        </Text>
                      )}
                    </>
                  ),
                },
                { head: 'How often', isNumber: true, cell: ({ count: times }) => count(times) },
              ]}
            />
          )}
        </Read>
      )}
    </Stack>
  );
}
