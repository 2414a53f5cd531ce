import {
  Alert,
  Anchor,
  Badge,
  Button,
  Group,
  Progress,
  Stack,
  Switch,
  Table,
  Text,
  TextInput,
  Tooltip,
} from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'react-router';
import type { Answer } from '../../api.ts';
import { PALETTE } from '../../parts/chart.tsx';
import { ago, count, counted, day, money, share } from '../../parts/figures.ts';
import { Page } from '../../parts/page.tsx';
import { Empty, Read } from '../../parts/states.tsx';
import { useApi } from '../../query.ts';
import { useMay, useSession } from '../../session.ts';
import { METHOD_NAMES } from './words.ts';

export type SegmentSetRow = Answer<'GET /api/segmentations'>['items'][number];

export default function SegmentSets() {
  const sets = useApi('GET /api/segmentations');
  const mayEdit = useMay('edit');
  const [search, setSearch] = useState('');
  const [showsRetired, setShowsRetired] = useState(false);
  const begin = mayEdit && (
    <Button component={Link} to="/segment-sets/new">
      New segment set
    </Button>
  );
  return (
    <Page
      title="Segment sets"
      lead="Each divides your customers in one way."
      actions={(sets.data?.items.length ?? 0) > 0 && begin}
    >
      <Read query={sets}>
        {({ items }) => {
          const asked = search.trim().toLowerCase();
          const shown = items.filter(
            ({ name, key, state, segments }) =>
              (showsRetired || state !== 'retired') &&
              [name, key, ...segments.map((one) => one.name)].some((text) =>
                text.toLowerCase().includes(asked),
              ),
          );
          const retired = items.filter(({ state }) => state === 'retired').length;
          shown.sort((a, b) => a.name.localeCompare(b.name));
          if (items.length === 0)
            return (
              <Empty title="No segment set yet" action={begin}>
                Start from a template of your industry, or build one from conditions. Nothing reaches a CRM
                before you release it.
              </Empty>
            );
          return (
            <Stack gap="sm">
              <Group>
                <TextInput
                  aria-label="Search segment sets"
                  placeholder="Search sets and segments"
                  leftSection={<IconSearch size={16} />}
                  value={search}
                  onChange={(event) => setSearch(event.currentTarget.value)}
                  w={{ base: '100%', xs: 280 }}
                />
                {retired > 0 && (
                  <Switch
                    label={`Show ${counted(retired, 'retired set')}`}
                    checked={showsRetired}
                    onChange={(event) => setShowsRetired(event.currentTarget.checked)}
                  />
                )}
              </Group>
              {shown.length === 0 ? <Text c="dimmed">Nothing of that name.</Text> : <Sets sets={shown} />}
            </Stack>
          );
        }}
      </Read>
    </Page>
  );
}

function Sets({ sets }: { sets: SegmentSetRow[] }) {
  const isNarrow = useMediaQuery('(max-width: 36em)');
  return (
    <Table.ScrollContainer
      className="rows"
      minWidth={isNarrow ? 0 : 640}
      scrollAreaProps={{ viewportProps: { tabIndex: 0, role: 'region', 'aria-label': 'Segment sets' } }}
    >
      <Table aria-label="Segment sets" role="table" verticalSpacing="sm" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Segment set</Table.Th>
            <Table.Th>Segments by size</Table.Th>
            <Table.Th>Last change</Table.Th>
            <Table.Th miw={120}>Needs you</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody role="rowgroup">
          {sets.map((set) => (
            <Table.Tr key={set.key} role="row">
              <Table.Td role="cell">
                <Group gap={6}>
                  <Anchor component={Link} to={`/segment-sets/${set.key}`} fw={600}>
                    {set.name}
                  </Anchor>
                  <State set={set} />
                </Group>
                <Text size="xs" c="dimmed" maw={360} lineClamp={2}>
                  {METHOD_NAMES[set.method] ?? set.method} for{' '}
                  {set.subject === 'person' ? 'people' : 'companies'}. {set.goal}
                </Text>
              </Table.Td>
              <Table.Td role="cell" data-head="Sizes">
                <Sizes set={set} />
              </Table.Td>
              <Table.Td role="cell" data-head="Last change">
                {set.changedAt && (
                  <div>
                    <Text size="sm">{ago(set.changedAt)}</Text>
                    <Text size="xs" c="dimmed">
                      {set.draft ? 'draft by ' : ''}
                      {set.changedBy}
                    </Text>
                  </div>
                )}
              </Table.Td>
              <Table.Td role="cell" data-head="Needs you">
                <Waiting set={set} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

export function State({ set }: { set: Pick<SegmentSetRow, 'state' | 'draft' | 'version'> }) {
  if (set.state === 'retired')
    return (
      <Badge color="gray" variant="light">
        retired
      </Badge>
    );
  if (set.state === 'draft')
    return (
      <Badge color="yellow" variant="light">
        draft
      </Badge>
    );
  return (
    <>
      <Badge color="teal" variant="light">
        version {set.version}
      </Badge>
      {set.draft && (
        <Badge color="yellow" variant="light">
          draft
        </Badge>
      )}
    </>
  );
}

/** A bar of the segments, and the largest of them in words. */
function Sizes({ set }: { set: SegmentSetRow }) {
  const { tenant } = useSession();
  const counts = set.segments.filter((one) => one.size !== null);
  const total = counts.reduce((sum, one) => sum + (one.size ?? 0), 0);
  if (counts.length === 0 || total === 0) {
    const reason =
      set.state === 'draft'
        ? 'not published yet'
        : counts.length === 0
          ? 'counted by the next run'
          : 'nobody';
    return (
      <Text size="sm" c="dimmed">
        {counted(set.segments.length, 'segment')}, {reason}
      </Text>
    );
  }
  const largest = [...counts].sort((a, b) => (b.size ?? 0) - (a.size ?? 0)).slice(0, 2);
  return (
    <Stack gap={4} miw={220}>
      <Progress.Root size={14} aria-hidden>
        {counts.map((one, index) => (
          <Tooltip
            key={one.key}
            label={`${one.name}: ${count(one.size ?? 0)}, ${money(one.revenue ?? 0, tenant.currency)}`}
          >
            <Progress.Section
              value={((one.size ?? 0) / total) * 100}
              color={PALETTE[index % PALETTE.length] ?? 'blue'}
            />
          </Tooltip>
        ))}
      </Progress.Root>
      <Text size="xs" c="dimmed">
        {largest
          .map((one) => `${one.name} ${count(one.size ?? 0)} (${share((one.size ?? 0) / total)})`)
          .join(', ')}
        {counts.length > 2 ? ` and ${counts.length - 2} more` : ''}
      </Text>
    </Stack>
  );
}

function Waiting({ set }: { set: SegmentSetRow }) {
  const { tenant } = useSession();
  if (set.state === 'retired') return null;
  return (
    <Stack gap={4} align="flex-start">
      {set.draft?.proposedAt && (
        <Badge color="orange" variant="light">
          asks for approval
        </Badge>
      )}
      {set.held > 0 && (
        <Anchor component={Link} to="/waiting" size="sm">
          {counted(set.held, 'target')} held
        </Anchor>
      )}
      {set.waitsFor && (
        <Alert p={4} color="yellow" variant="light">
          <Text size="xs">{set.waitsFor}</Text>
        </Alert>
      )}
      {set.reviewDue && (
        <Text size="xs" c={set.isReviewDue ? 'orange' : 'dimmed'} fw={set.isReviewDue ? 600 : 400}>
          {set.isReviewDue ? 'Review due since' : 'Review'} {day(set.reviewDue, tenant.zone)}
        </Text>
      )}
    </Stack>
  );
}
