import { Anchor, Card, Group, SegmentedControl, Select, SimpleGrid, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import type { Answer } from '../../api.ts';
import { Chart } from '../../parts/chart.tsx';
import { change, count, day, money, moneyChange, shortMoney } from '../../parts/figures.ts';
import { Rows } from '../../parts/table.tsx';
import { useSession } from '../../session.ts';

type Segment = Answer<'GET /api/home'>['segments'][number];
type Measure = 'size' | 'revenue';

/** One set's segments as bars, by members or revenue, and a table with how they changed. */
export function Segments({ segments, countedOn }: { segments: Segment[]; countedOn: string | null }) {
  const { tenant } = useSession();
  const navigate = useNavigate();
  const sets = useMemo(() => [...new Map(segments.map((one) => [one.segmentation, one.set]))], [segments]);
  const [chosen, setChosen] = useState<string | null>(null);
  const [measure, setMeasure] = useState<Measure>('size');
  // One with a past says more than one that is new.
  const first = segments.find(({ before }) => before !== null) ?? segments[0];
  const key = chosen ?? first?.segmentation ?? '';
  const rows = segments.filter(({ segmentation }) => segmentation === key);
  const since = rows.find(({ before }) => before !== null)?.before?.day;
  const show = (value: number) => (measure === 'size' ? count(value) : money(value, tenant.currency));
  const amountOf = (one: Segment) => (measure === 'size' ? one.size : Number(one.revenue));
  const option = useMemo(
    () => ({
      grid: { left: 8, right: 56, top: 8, bottom: 8, containLabel: true },
      xAxis: { type: 'value', show: false },
      yAxis: {
        type: 'category',
        inverse: true,
        data: rows.map(({ name }) => name),
        axisTick: { show: false },
        axisLine: { show: false },
        axisLabel: { width: 130, overflow: 'truncate' },
      },
      series: [
        {
          type: 'bar',
          data: rows.map((one) => (measure === 'size' ? one.size : Number(one.revenue))),
          barMaxWidth: 22,
          itemStyle: { borderRadius: [0, 4, 4, 0] },
          label: {
            show: true,
            position: 'right',
            formatter: ({ value }: { value: number }) =>
              measure === 'size' ? value.toLocaleString('en') : shortMoney(value, tenant.currency),
          },
        },
      ],
    }),
    [rows, measure, tenant.currency],
  );
  const largest = [...rows].sort((a, b) => amountOf(b) - amountOf(a))[0];
  return (
    <Card withBorder padding="md">
      <Group justify="space-between" mb="sm">
        <div>
          <Text component="h2" fw={600}>
            Segments
          </Text>
          {countedOn && (
            <Text size="xs" c="dimmed">
              Counted {day(countedOn)}
              {since && `, change since ${day(since)}`}
            </Text>
          )}
        </div>
        <Group gap="xs">
          <Select
            aria-label="Segment set"
            data={sets.map(([value, label]) => ({ value, label }))}
            value={key}
            onChange={setChosen}
            allowDeselect={false}
            w={220}
          />
          <SegmentedControl
            aria-label="Measure"
            value={measure}
            onChange={(value) => setMeasure(value === 'revenue' ? 'revenue' : 'size')}
            data={[
              { value: 'size', label: 'Members' },
              { value: 'revenue', label: 'Revenue' },
            ]}
          />
        </Group>
      </Group>
      <SimpleGrid cols={{ base: 1, lg: 2 }} verticalSpacing="xs">
        <Chart
          option={option}
          height={Math.max(120, rows.length * 34)}
          label={`${rows.length} segments${largest ? `; the largest is ${largest.name} with ${show(amountOf(largest))}` : ''}. The table has all figures.`}
          onPick={(index) => {
            const row = rows[index];
            if (row) void navigate(`/segments/${row.segmentation}/${row.segment}`);
          }}
        />
        <Rows
          name="Segments by size and revenue"
          rows={rows}
          keyOf={({ segment }) => segment}
          columns={[
            {
              head: 'Segment',
              cell: (one) => (
                <Anchor component={Link} to={`/segments/${one.segmentation}/${one.segment}`} size="sm">
                  {one.name}
                </Anchor>
              ),
            },
            {
              head: 'Members',
              isNumber: true,
              cell: (one) => (
                <Figure
                  value={count(one.size)}
                  change={one.before && one.size - one.before.size}
                  show={change}
                />
              ),
            },
            {
              head: 'Revenue',
              isNumber: true,
              cell: (one) => (
                <Figure
                  value={money(Number(one.revenue), tenant.currency)}
                  change={one.before && Math.round(Number(one.revenue) - Number(one.before.revenue))}
                  show={(by) => moneyChange(by, tenant.currency)}
                />
              ),
            },
          ]}
        />
      </SimpleGrid>
    </Card>
  );
}

function Figure({
  value,
  change: by,
  show,
}: {
  value: string;
  change: number | null;
  show: (value: number) => string;
}) {
  return (
    <Group gap={6} justify="flex-end" wrap="nowrap">
      <span>{value}</span>
      {by !== null && by !== 0 && (
        <Text size="xs" c="dimmed" span>
          {show(by)}
        </Text>
      )}
    </Group>
  );
}
