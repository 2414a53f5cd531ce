import { Anchor, Badge, Button, Card, Group, SimpleGrid, Stack, Tabs, Text, Title } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { Fragment } from 'react';
import { Link, useParams } from 'react-router';
import type { Play } from '../../../../src/segmentation/definition-parts.ts';
import { type Answer, addressOf } from '../../api.ts';
import { count, counted, money, share } from '../../parts/figures.ts';
import { Page } from '../../parts/page.tsx';
import { Read } from '../../parts/states.tsx';
import { Rows } from '../../parts/table.tsx';
import { UnfedNote } from '../../parts/unfed.tsx';
import { useApi } from '../../query.ts';
import { useSession } from '../../session.ts';
import { CustomerTable } from '../customers/customer-table.tsx';
import { Growth } from './growth.tsx';
import { Metrics } from './metrics.tsx';
import { Movement } from './movement.tsx';
import { Overlaps } from './overlaps.tsx';
import { Words } from './words.tsx';

type Segment = Answer<'GET /api/segmentations/:key/segments/:segment'>;

/** One segment: who, how many, what to do, where it is written, and how it behaves. */
export default function SegmentScreen() {
  const { key = '', segment = '' } = useParams();
  const query = useApi('GET /api/segmentations/:key/segments/:segment', { params: { key, segment } });
  return (
    <Read query={query} rows={8}>
      {(found) => (
        <Page
          title={found.name}
          lead={
            <>
              In{' '}
              <Anchor component={Link} to={`/segment-sets/${key}`} size="sm" underline="always">
                {found.segmentation.name}
              </Anchor>
              {found.segmentation.goal && `: ${found.segmentation.goal}`}
            </>
          }
          actions={
            <Button
              component="a"
              variant="default"
              leftSection={<IconDownload size={16} />}
              href={addressOf('GET /api/segmentations/:key/segments/:segment/members.csv', {
                params: { key, segment },
              })}
            >
              Members as CSV
            </Button>
          }
        >
          <Figures segment={found} />
          <Tabs defaultValue="overview" keepMounted={false}>
            <Tabs.List>
              <Tabs.Tab value="overview">Overview</Tabs.Tab>
              <Tabs.Tab value="members">Members</Tabs.Tab>
              <Tabs.Tab value="movement">Movement</Tabs.Tab>
              <Tabs.Tab value="metrics">Metrics</Tabs.Tab>
              <Tabs.Tab value="overlap">Overlap</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="overview" pt="md">
              <Overview segment={found} />
            </Tabs.Panel>
            <Tabs.Panel value="members" pt="md">
              <CustomerTable
                name="Members"
                query={{ subject: found.segmentation.subject, label: `${key}.${segment}`, limit: '50' }}
                empty="Nobody holds this label now. Its definition says who would; the next run looks again."
              />
            </Tabs.Panel>
            <Tabs.Panel value="movement" pt="md">
              <Movement segmentation={key} names={namesOf(found)} />
            </Tabs.Panel>
            <Tabs.Panel value="metrics" pt="md">
              <Metrics segmentation={key} segment={segment} />
            </Tabs.Panel>
            <Tabs.Panel value="overlap" pt="md">
              <Overlaps segmentation={key} segment={segment} />
            </Tabs.Panel>
          </Tabs>
        </Page>
      )}
    </Read>
  );
}

const namesOf = ({ segmentation }: Segment): Map<string, string> =>
  new Map(segmentation.segments.map(({ key, name }) => [key, name]));

function Figures({ segment }: { segment: Segment }) {
  const { tenant } = useSession();
  const figures: [string, string][] = [
    [segment.segmentation.subject === 'person' ? 'People' : 'Companies', count(segment.size)],
    ['Of all', segment.of === 0 ? '–' : share(segment.size / segment.of)],
    ['Revenue', money(segment.revenue, tenant.currency)],
    ['Revenue each', segment.size === 0 ? '–' : money(segment.revenue / segment.size, tenant.currency)],
  ];
  return (
    <SimpleGrid cols={{ base: 2, sm: 4 }}>
      {figures.map(([name, value]) => (
        <Card key={name} withBorder padding="sm">
          <Text size="sm" c="dimmed">
            {name}
          </Text>
          <Text size="xl" fw={650} style={{ fontVariantNumeric: 'tabular-nums' }}>
            {value}
          </Text>
        </Card>
      ))}
    </SimpleGrid>
  );
}

const OBJECTS: Record<Segment['targets'][number]['object'], string> = {
  contact: 'contacts',
  company: 'companies',
  deal: 'deals',
};

const KINDS: Record<string, string> = {
  property: 'label',
  primary: 'primary segment',
  dynamic_list: 'list that the CRM fills',
  manual_list: 'list that we fill',
  list_view: 'list view',
  campaign: 'campaign',
  why: 'reason beside the label',
  file: 'file',
};

function Overview({ segment }: { segment: Segment }) {
  const { tenant } = useSession();
  const { key, segmentation, play } = segment;
  return (
    <Stack>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Card withBorder>
          <Title order={2} size="h5" mb="xs">
            Who belongs here
          </Title>
          {segment.words ? (
            <Words words={segment.words} />
          ) : (
            <Text size="sm">
              Learned from the data by the method {segmentation.method.replaceAll('_', ' ')};{' '}
              <Anchor component={Link} to={`/segment-sets/${segmentation.key}`} size="sm" underline="always">
                the segment set shows how
              </Anchor>
              .
            </Text>
          )}
          <UnfedNote needs={segment.needs} passedOver={segment.passedOver} />
          {segment.stay && (
            <Text size="sm" mt="xs" c="dimmed">
              Once given, the label stays at least {segment.stay}.
            </Text>
          )}
        </Card>
        <Card withBorder>
          <Title order={2} size="h5" mb="xs">
            What to do
          </Title>
          {play ? (
            <dl className="facts">
              {inWords(play, tenant.currency).map(({ name, value }) => (
                <Fragment key={name}>
                  <dt>{PLAY_NAMES[name] ?? name}</dt>
                  <dd>{value}</dd>
                </Fragment>
              ))}
            </dl>
          ) : (
            <Text size="sm" c="dimmed">
              No play yet. Add one in the segment set, so that reps know what to do.
            </Text>
          )}
        </Card>
      </SimpleGrid>
      <Card withBorder>
        <Title order={2} size="h5" mb="xs">
          Size and revenue over time
        </Title>
        <Growth segmentation={segmentation.key} segment={key} />
      </Card>
      <Card withBorder>
        <Title order={2} size="h5" mb="xs">
          Where it is written
        </Title>
        <Rows
          name="Targets"
          rows={segment.targets}
          keyOf={(target) => target.connection + target.kind + target.object}
          empty={
            <Text size="sm" c="dimmed">
              Nowhere yet: connect a CRM, or name targets in the segment set.
            </Text>
          }
          columns={[
            { head: 'Where', cell: ({ connection }) => connection },
            { head: 'As', cell: ({ kind, object }) => `${KINDS[kind] ?? kind} on ${OBJECTS[object]}` },
            {
              head: 'State',
              cell: ({ state, reason }) => (
                <Group gap="xs">
                  <Badge
                    variant="light"
                    tt="none"
                    color={state === 'live' ? 'teal' : state === 'held' ? 'orange' : 'gray'}
                  >
                    {state === 'held' ? 'waits for release' : state}
                  </Badge>
                  {reason && <Text size="xs">{reason}</Text>}
                </Group>
              ),
            },
          ]}
        />
      </Card>
      <Text size="sm" c="dimmed">
        Version {segmentation.version} of the segment set
        {segmentation.owner ? `, owned by ${segmentation.owner}` : ''};{' '}
        {counted(segmentation.segments.length, 'segment')} in it.{' '}
        <Anchor component={Link} to={`/quality?set=${segmentation.key}`} size="sm" underline="always">
          Its review
        </Anchor>{' '}
        ·{' '}
        <Anchor component={Link} to={`/experiments?set=${segmentation.key}`} size="sm" underline="always">
          Experiments
        </Anchor>
      </Text>
    </Stack>
  );
}

const PLAY_NAMES: Record<string, string> = {
  channel: 'Channel',
  message: 'Message',
  offer: 'Offer',
  owner: 'Who does it',
  cadence: 'How often',
  budget: 'Budget',
  costPerContact: 'Cost per contact',
};

/** What a play says, a line each. */
function inWords({ budget, costPerContact, task, window, ...texts }: Play, currency: string) {
  return [
    ...Object.entries(texts).map(([name, value]) => ({ name, value: value ?? '' })),
    ...Object.entries({ budget, costPerContact }).flatMap(([name, value]) =>
      value === undefined ? [] : [{ name, value: money(value, currency) }],
    ),
    ...(task
      ? [{ name: 'Task in the CRM', value: `${task.subject}, within ${task.dueIn ?? '7 days'}` }]
      : []),
    ...(window === undefined ? [] : [{ name: 'A purchase counts for it within', value: window }]),
  ];
}
