import { Alert, Badge, Group, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { Answer } from '../../api.ts';
import { Chart } from '../../parts/chart.tsx';
import { change, count, share } from '../../parts/figures.ts';
import { Empty, Read } from '../../parts/states.tsx';
import { Rows } from '../../parts/table.tsx';
import { useApi } from '../../query.ts';

type History = Answer<'GET /api/segmentations/:key/history'>;

const isoDay = (daysAgo: number) => new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 10);

/** Who moved from where to where between two dates, why, and what drifted. */
export function Movement({ segmentation, names }: { segmentation: string; names: Map<string, string> }) {
  const [from, setFrom] = useState(isoDay(90));
  const [to, setTo] = useState(isoDay(-1));
  const query = useApi('GET /api/segmentations/:key/history', {
    params: { key: segmentation },
    query: { from, to },
  });
  return (
    <Stack>
      <Group>
        <TextInput
          type="date"
          label="From"
          value={from}
          max={to}
          onChange={(event) => setFrom(event.currentTarget.value)}
        />
        <TextInput
          type="date"
          label="To"
          value={to}
          min={from}
          onChange={(event) => setTo(event.currentTarget.value)}
        />
      </Group>
      <Read query={query}>{(history) => <Told history={history} names={names} />}</Read>
    </Stack>
  );
}

const nameIn = (names: Map<string, string>, place: string): string =>
  place === '(new)'
    ? 'No label before'
    : place === '(gone)'
      ? 'No label after'
      : (names.get(place.split('.').pop() ?? '') ?? place);

function Told({ history, names }: { history: History; names: Map<string, string> }) {
  const { migration, flows, causes } = history;
  const moves = useMemo(
    () =>
      migration.from.flatMap((from, i) =>
        migration.to.flatMap((to, j) => {
          const value = migration.counts[i]?.[j] ?? 0;
          return value > 0 ? [{ source: `${nameIn(names, from)} `, target: nameIn(names, to), value }] : [];
        }),
      ),
    [migration, names],
  );
  const option = useMemo(
    () => ({
      tooltip: { trigger: 'item' },
      series: [
        {
          type: 'sankey',
          left: 8,
          right: 150,
          top: 8,
          bottom: 8,
          nodeGap: 12,
          data: [...new Set(moves.flatMap(({ source, target }) => [source, target]))].map((name) => ({
            name,
          })),
          links: moves,
          lineStyle: { color: 'gradient', opacity: 0.35 },
          emphasis: { focus: 'adjacency' },
        },
      ],
    }),
    [moves],
  );
  if (flows.every(({ before, after }) => before === 0 && after === 0))
    return <Empty title="Nobody held a label between these dates" />;
  return (
    <Stack>
      {moves.length > 0 && (
        <Chart
          option={option}
          height={Math.max(220, 40 * new Set(moves.map(({ target }) => target)).size + 80)}
          label={`Where customers came from and went: ${migration.stayed === null ? 'nobody had a label at both dates' : `${share(migration.stayed)} of those with a label at both dates kept it`}.`}
        />
      )}
      {migration.stayed !== null && (
        <Text size="sm">
          {share(migration.stayed)} of those with a label at both dates kept it. Moves of fewer than 10 are
          not told.
        </Text>
      )}
      <Rows
        name="Who came and went"
        rows={flows}
        keyOf={({ segment }) => segment}
        columns={[
          { head: 'Segment', cell: ({ segment }) => nameIn(names, segment) },
          { head: 'Before', isNumber: true, cell: ({ before }) => count(before) },
          { head: 'Entered', isNumber: true, cell: ({ entered }) => count(entered) },
          { head: 'Left', isNumber: true, cell: ({ left }) => count(left) },
          { head: 'After', isNumber: true, cell: ({ after }) => count(after) },
          { head: 'Change', isNumber: true, cell: ({ before, after }) => change(after - before) },
        ]}
      />
      <Text size="sm">
        {count(causes.membersMoved)} changes because customers moved, {count(causes.linesMoved)} because the
        lines did.
      </Text>
      <Drifts history={history} />
    </Stack>
  );
}

const LEVELS: Record<string, { color: string; word: string }> = {
  none: { color: 'teal', word: 'steady' },
  some: { color: 'yellow', word: 'some drift' },
  major: { color: 'red', word: 'drifted' },
};

function Drifts({ history }: { history: History }) {
  const all = [
    ...(history.memberDrift ? [{ name: 'Shares of the segments', ...history.memberDrift }] : []),
    ...history.attributeDrift,
  ];
  if (all.length === 0)
    return <Alert variant="light">Nothing to compare with yet: drift shows from the next review on.</Alert>;
  return (
    <div>
      <Title order={3} size="h5" mb="xs">
        Drift
      </Title>
      <Rows
        name="Drift"
        rows={all}
        keyOf={({ name }) => name}
        columns={[
          { head: 'What', cell: ({ name }) => name },
          {
            head: 'Reading',
            cell: ({ level, smallSample }) => (
              <Group gap="xs">
                <Badge variant="light" tt="none" color={LEVELS[level]?.color ?? 'gray'}>
                  {LEVELS[level]?.word ?? level}
                </Badge>
                {smallSample && <Text size="xs">few customers: may be chance</Text>}
              </Group>
            ),
          },
          { head: 'PSI', isNumber: true, cell: ({ psi }) => psi.toFixed(3) },
          {
            head: 'p',
            isNumber: true,
            cell: ({ pValue }) => (pValue < 0.001 ? '< 0.001' : pValue.toFixed(3)),
          },
        ]}
      />
    </div>
  );
}
