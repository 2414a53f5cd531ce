import { Text } from '@mantine/core';
import { useMemo } from 'react';
import { Chart } from '../../parts/chart.tsx';
import { count, day, money, shortMoney } from '../../parts/figures.ts';
import { Read } from '../../parts/states.tsx';
import { useApi } from '../../query.ts';
import { useSession } from '../../session.ts';

/** The last 90 days: members as a line, revenue as bars behind it. */
export function Growth({ segmentation, segment }: { segmentation: string; segment: string }) {
  const { tenant } = useSession();
  const query = useApi('GET /api/segmentations/:key/history', { params: { key: segmentation } });
  const points = useMemo(
    () => (query.data?.sizes ?? []).filter((point) => point.segment === segment),
    [query.data, segment],
  );
  const option = useMemo(
    () => ({
      grid: { left: 50, right: 64, top: 40, bottom: 30 },
      tooltip: { trigger: 'axis' },
      legend: { data: ['Members', 'Revenue'], top: 0 },
      xAxis: { type: 'category', data: points.map((point) => day(point.day)) },
      yAxis: [
        { type: 'value', name: 'members', minInterval: 1 },
        {
          type: 'value',
          name: 'revenue',
          splitLine: { show: false },
          axisLabel: { formatter: (value: number) => shortMoney(value, tenant.currency) },
        },
      ],
      series: [
        { name: 'Members', type: 'line', data: points.map(({ size }) => size), symbolSize: 7, z: 3 },
        {
          name: 'Revenue',
          type: 'bar',
          yAxisIndex: 1,
          barMaxWidth: 26,
          itemStyle: { opacity: 0.35 },
          data: points.map(({ revenue }) => revenue),
        },
      ],
    }),
    [points, tenant.currency],
  );
  return (
    <Read query={query} rows={4}>
      {() =>
        points.length === 0 ? (
          <Text size="sm" c="dimmed">
            One point is kept a day; the first comes with the next run.
          </Text>
        ) : (
          <Chart
            option={option}
            label={`From ${count(points[0]?.size ?? 0)} members on ${day(points[0]?.day ?? '')} to ${count(points.at(-1)?.size ?? 0)} on ${day(points.at(-1)?.day ?? '')}.`}
            table={
              <table>
                <caption>Members and revenue by day</caption>
                <tbody>
                  {points.map((point) => (
                    <tr key={point.day}>
                      <th>{day(point.day)}</th>
                      <td>{count(point.size)}</td>
                      <td>
                        {point.revenue === null ? 'too few to tell' : money(point.revenue, tenant.currency)}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            }
          />
        )
      }
    </Read>
  );
}
