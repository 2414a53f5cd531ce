import {
  Anchor,
  Badge,
  Card,
  Group,
  List,
  SimpleGrid,
  Stack,
  Table,
  Tabs,
  Text,
  Timeline,
  Title,
} from '@mantine/core';
import { IconExternalLink } from '@tabler/icons-react';
import { Link, useParams } from 'react-router';
import { showMoney } from '../../../../src/model/money-words.ts';
import type { Answer } from '../../api.ts';
import { ago, day, instant } from '../../parts/figures.ts';
import { LabelBadge } from '../../parts/label-badge.tsx';
import { useNames } from '../../parts/names.ts';
import { Page } from '../../parts/page.tsx';
import { Empty, Read } from '../../parts/states.tsx';
import { Rows } from '../../parts/table.tsx';
import { useApi } from '../../query.ts';
import { useMay, useSession } from '../../session.ts';
import { PrivacyActions } from './privacy-actions.tsx';
import { Merges, RecordIdentity } from './record-identity.tsx';

type Customer = Answer<'GET /api/customers/:subject/:id'>;

/** One customer: the labels and why, what each CRM holds, deals, consent, history. */
export default function CustomerScreen() {
  const { subject = 'person', id = '' } = useParams();
  const query = useApi('GET /api/customers/:subject/:id', {
    params: { subject: subject === 'company' ? 'company' : 'person', id },
  });
  const mayErase = useMay('administer');
  return (
    <Read query={query} rows={8}>
      {(customer) => (
        <Page
          title={customer.name ?? customer.address ?? `#${customer.id}`}
          lead={<Lead customer={customer} />}
          actions={mayErase && customer.subject === 'person' && <PrivacyActions id={customer.id} />}
        >
          <Tabs defaultValue="labels" keepMounted={false}>
            <Tabs.List>
              <Tabs.Tab value="labels">Labels</Tabs.Tab>
              <Tabs.Tab value="records">Records ({customer.records.length})</Tabs.Tab>
              <Tabs.Tab value="deals">Deals ({customer.deals.length})</Tabs.Tab>
              <Tabs.Tab value="consent">Consent</Tabs.Tab>
              <Tabs.Tab value="history">History</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="labels" pt="md">
              <Labels customer={customer} />
            </Tabs.Panel>
            <Tabs.Panel value="records" pt="md">
              <Records customer={customer} />
            </Tabs.Panel>
            <Tabs.Panel value="deals" pt="md">
              <Deals customer={customer} />
            </Tabs.Panel>
            <Tabs.Panel value="consent" pt="md">
              <Consent customer={customer} />
            </Tabs.Panel>
            <Tabs.Panel value="history" pt="md">
              <History customer={customer} />
            </Tabs.Panel>
          </Tabs>
        </Page>
      )}
    </Read>
  );
}

function Lead({ customer }: { customer: Customer }) {
  return (
    <Group gap="md">
      {customer.name && customer.address && <span>{customer.address}</span>}
      {customer.company && (
        <Anchor component={Link} to={`/customers/company/${customer.company.id}`} size="sm">
          {customer.company.name ?? 'Company'}
        </Anchor>
      )}
      {customer.records
        .filter(({ link }) => link)
        .map(({ link, connection, id }) => (
          <Anchor key={connection + id} href={link ?? ''} target="_blank" rel="noreferrer" size="sm">
            {connection} <IconExternalLink size={13} aria-label="opens in a new tab" />
          </Anchor>
        ))}
    </Group>
  );
}

const isHeld = ({ segments }: Customer['explanations'][number]): boolean =>
  segments.some(({ isLabel }) => isLabel);

/** Why they hold what they hold; sets without a label stand last. */
function Labels({ customer }: { customer: Customer }) {
  if (customer.explanations.length === 0)
    return <Empty title="No segment set is published for them yet">Publish one under Segment sets.</Empty>;
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }}>
      {[...customer.explanations]
        .sort((a, b) => Number(isHeld(b)) - Number(isHeld(a)))
        .map((one) => {
          const held = one.segments.filter(({ isLabel }) => isLabel);
          const nearest = one.segments.filter(
            ({ isLabel, wouldChange }) => !isLabel && wouldChange.length > 0,
          )[0];
          return (
            <Card key={one.segmentation} withBorder padding="md">
              <Group justify="space-between" mb="xs">
                <Anchor component={Link} to={`/segment-sets/${one.segmentation}`} c="inherit">
                  <Title order={2} size="h5">
                    {one.name}
                  </Title>
                </Anchor>
              </Group>
              {held.length === 0 && (
                <Text size="sm" c="dimmed">
                  No label. {nearest ? `For ${nearest.name}: ${nearest.wouldChange[0]}` : ''}
                </Text>
              )}
              <Stack gap="sm">
                {held.map((segment) => (
                  <div key={segment.segment}>
                    <Group gap="xs">
                      <LabelBadge
                        segmentation={one.segmentation}
                        segment={segment.segment}
                        name={segment.name}
                      />
                      {segment.since && (
                        <Text size="xs" c="dimmed">
                          since {day(segment.since)}
                        </Text>
                      )}
                    </Group>
                    <List size="sm" mt={4} spacing={2} styles={{ item: { overflowWrap: 'anywhere' } }}>
                      {segment.sentences.map((sentence) => (
                        <List.Item key={sentence}>{sentence}</List.Item>
                      ))}
                    </List>
                    {segment.wouldChange.map((sentence) => (
                      <Text size="xs" c="dimmed" mt={4} key={sentence}>
                        {sentence}
                      </Text>
                    ))}
                  </div>
                ))}
              </Stack>
            </Card>
          );
        })}
    </SimpleGrid>
  );
}

/** What each CRM holds, side by side; where they differ it stands out. */
function Records({ customer }: { customer: Customer }) {
  const { tenant } = useSession();
  const mayEdit = useMay('edit');
  const { records, attributes } = customer;
  const rows = attributes.filter(({ key }) => records.some(({ values }) => values[key] !== undefined));
  if (records.length === 0) return <Empty title="No record is left of them" />;
  return (
    <Stack>
      <Table.ScrollContainer
        className="beside"
        minWidth={480}
        scrollAreaProps={{
          viewportProps: { tabIndex: 0, role: 'region', 'aria-label': 'Records side by side' },
        }}
      >
        <Table verticalSpacing={6} aria-label="Records side by side">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Attribute</Table.Th>
              <Table.Th>Here</Table.Th>
              {records.map((record) => (
                <Table.Th key={record.connectionId + record.id}>
                  {record.connection}
                  <Text size="xs" c="dimmed">
                    {record.kind} {record.id}
                    {record.state === 'live' ? '' : `, ${record.state}`}
                  </Text>
                  {mayEdit && <RecordIdentity customer={customer} record={record} />}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map(({ key, name, type, value, valueName }) => (
              <Table.Tr key={key}>
                <Table.Th scope="row" fw={400}>
                  {name}
                </Table.Th>
                <Table.Td>{shown(type, valueName, tenant.zone)}</Table.Td>
                {records.map((record) => {
                  const theirs = record.values[key] ?? null;
                  const [here, there] = [valueName, record.valueNames[key] ?? theirs].map((one) =>
                    shown(type, one, tenant.zone),
                  );
                  // By what is seen: two instants of one minute are no difference to people.
                  const differs = theirs !== null && value !== null && here !== there;
                  return (
                    <Table.Td key={record.connectionId + record.id}>
                      {there}
                      {differs && (
                        <Text span size="xs" c="dimmed">
                          {' '}
                          differs
                        </Text>
                      )}
                    </Table.Td>
                  );
                })}
              </Table.Tr>
            ))}
            <Table.Tr>
              <Table.Th scope="row" fw={400}>
                Labels shown there
              </Table.Th>
              <Table.Td />
              {records.map((record) => (
                <Table.Td key={record.connectionId + record.id}>
                  {record.shown.length === 0 && '–'}
                  {record.shown.map((one) => (
                    <Text size="sm" key={one.segmentation + one.target}>
                      {one.segmentation} ({TARGETS[one.target] ?? one.target.replaceAll('_', ' ')}):{' '}
                      {one.value}
                      {one.state !== 'shown' && (
                        <Badge ml={6} size="sm" variant="outline" color="orange" tt="none">
                          {STATES[one.state]}
                        </Badge>
                      )}
                    </Text>
                  ))}
                </Table.Td>
              ))}
            </Table.Tr>
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Merges customer={customer} />
    </Stack>
  );
}

/** Values as people read them; instants in the company's zone. */
function shown(type: Customer['attributes'][number]['type'], value: string | null, zone: string): string {
  if (value === null) return '–';
  if (type === 'boolean') return value === 'true' ? 'yes' : 'no';
  if (type === 'datetime') return instant(value, zone);
  return type === 'date' ? day(value) : value;
}

const TARGETS: Record<string, string> = { property: 'label', primary: 'primary segment', why: 'reason' };

const STATES = { shown: '', pinned: 'set by hand', refused: 'refused', unconfirmed: 'not confirmed' };

function Deals({ customer }: { customer: Customer }) {
  const { tenant } = useSession();
  return (
    <Rows
      name="Deals"
      rows={customer.deals}
      keyOf={({ id }) => id}
      empty={<Empty title="No deals">Nothing that they bought or may buy is known.</Empty>}
      columns={[
        { head: 'Deal', cell: (deal) => deal.name ?? `#${deal.id}` },
        {
          head: 'State',
          cell: (deal) =>
            deal.won === null ? (deal.stageName ?? '–') : deal.won ? 'Won' : (deal.stageName ?? 'Not won'),
        },
        { head: 'Closed', cell: (deal) => (deal.closedAt ? day(deal.closedAt) : '–') },
        {
          head: 'Counts here',
          cell: (deal) => (deal.isCredited ? (deal.counts ? 'yes' : 'not as revenue') : 'took part only'),
        },
        {
          head: 'Revenue',
          isNumber: true,
          cell: (deal) => (deal.revenue === null ? '–' : showMoney(Number(deal.revenue), tenant.currency)),
        },
      ]}
    />
  );
}

function Consent({ customer }: { customer: Customer }) {
  const rows = customer.attributes.filter(({ kind }) => kind === 'consent');
  return (
    <Rows
      name="Consent"
      rows={rows}
      keyOf={({ key }) => key}
      empty={
        <Empty title="No consent is mapped">Map opt-outs under Mapping, so that lists leave them out.</Empty>
      }
      columns={[
        { head: 'What', cell: ({ name }) => name },
        {
          head: 'Value',
          cell: ({ value }) => (value === 'true' ? 'yes' : value === 'false' ? 'no' : (value ?? 'not known')),
        },
      ]}
    />
  );
}

const CAUSES: Record<string, string> = {
  data: 'their data changed',
  time: 'time passed',
  definition: 'the definition changed',
  model: 'it was learned again',
  merge: 'records were merged',
  consent: 'consent changed',
};

function History({ customer }: { customer: Customer }) {
  const { tenant } = useSession();
  const names = useNames(customer.subject);
  const listed = (change: Customer['history'][number], segments: string[]) =>
    new Intl.ListFormat('en').format(
      segments.map((segment) => names.segment(`${change.segmentation}.${segment}`, change.segmentation)),
    );
  if (customer.history.length === 0) return <Empty title="No label has changed yet" />;
  return (
    <Timeline bulletSize={14} lineWidth={2}>
      {customer.history.map((change) => (
        <Timeline.Item
          key={change.at + change.segmentation}
          title={[
            ...(change.entered.length > 0 ? [`Entered ${listed(change, change.entered)}`] : []),
            ...(change.left.length > 0
              ? [`${change.entered.length > 0 ? 'left' : 'Left'} ${listed(change, change.left)}`]
              : []),
          ].join(', ')}
        >
          <Text size="sm" c="dimmed">
            {names.set(change.segmentation)}, because {CAUSES[change.cause] ?? change.cause}; {ago(change.at)}{' '}
            ({instant(change.at, tenant.zone)})
          </Text>
        </Timeline.Item>
      ))}
    </Timeline>
  );
}
