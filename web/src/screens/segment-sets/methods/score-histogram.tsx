import { Text } from '@mantine/core';
import { Chart } from '../../../parts/chart.tsx';
import { count, money } from '../../../parts/figures.ts';
import { useSession } from '../../../session.ts';
import { type Bins, type Cuts, rounded } from './picture.ts';

/** How many customers have which value, with the cut points between segments. */
export function ScoreHistogram({
  title,
  bins,
  cuts,
  isMoney = false,
}: {
  title: string;
  bins: Bins;
  cuts: Cuts;
  isMoney?: boolean;
}) {
  const { tenant } = useSession();
  if (bins.length === 0) return null;
  const shownAs = (value: number) => (isMoney ? money(value, tenant.currency) : rounded(value));
  const shown = cuts.flatMap(({ segment, at }) => (at === null ? [] : [{ segment, at }]));
  const low = bins[0]?.from ?? 0;
  const width = (bins[0]?.to ?? 1) - low;
  const sentence = `${title}: ${shown.map(({ segment, at }) => `${segment} from ${shownAs(at)}`).join(', ')}.`;
  return (
    <div>
      <Text size="sm" fw={600} mb={4}>
        {title}
      </Text>
      <Chart
        label={sentence}
        height={240}
        option={{
          grid: { left: 64, right: 16, top: 44, bottom: 32 },
          tooltip: { trigger: 'axis', renderMode: 'richText' },
          xAxis: {
            type: 'category',
            data: bins.map(({ from }) => shownAs(from)),
            axisTick: { alignWithLabel: false },
          },
          yAxis: {
            type: 'value',
            minInterval: 1,
            name: 'customers',
            nameLocation: 'middle',
            nameGap: 44,
          },
          series: [
            {
              type: 'bar',
              barCategoryGap: '8%',
              data: bins.map((bin) => bin.count),
              markLine: {
                symbol: 'none',
                label: { formatter: '{b}', fontSize: 11, rotate: 0 },
                lineStyle: { color: '#D55E00', width: 2 },
                data: shown.map(({ segment, at }, index) => ({
                  name: `${segment} ${shownAs(at)}`,
                  xAxis: Math.max(0, Math.min(bins.length - 1, Math.floor((at - low) / width))),
                  label: { distance: [0, 4 + (index % 2) * 14] },
                })),
              },
            },
          ],
        }}
        table={
          <table>
            <caption>{title}</caption>
            <thead>
              <tr>
                <th>From</th>
                <th>To</th>
                <th>Customers</th>
              </tr>
            </thead>
            <tbody>
              {bins.map((bin) => (
                <tr key={bin.from}>
                  <td>{rounded(bin.from)}</td>
                  <td>{rounded(bin.to)}</td>
                  <td>{count(bin.count)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        }
      />
      <Text size="xs" c="dimmed">
        {sentence} The last bar holds all above.
      </Text>
    </div>
  );
}
