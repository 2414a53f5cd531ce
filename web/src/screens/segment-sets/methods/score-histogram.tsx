import { Text } from '@mantine/core';
import { Chart } from '../../../parts/chart.tsx';
import { count, money, share } from '../../../parts/figures.ts';
import { useSession } from '../../../session.ts';
import { type Bins, type Cuts, rounded } from './picture.ts';

/** How many customers have which value, with the cut points between segments. */
export function ScoreHistogram({
  title,
  bins,
  cuts,
  of = 'number',
}: {
  title: string;
  bins: Bins;
  cuts: Cuts;
  of?: 'money' | 'share' | 'number';
}) {
  const { tenant } = useSession();
  if (bins.length === 0) return null;
  const shownAs = {
    money: (value: number) => money(value, tenant.currency),
    share,
    number: rounded,
  }[of];
  const shown = cuts
    .flatMap(({ segment, at }) => (at === null ? [] : [{ segment, at }]))
    .sort((a, b) => a.at - b.at);
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
            data: bins.map(({ from }) => (of === 'share' ? `${Math.round(from * 100)}%` : shownAs(from))),
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
                data: shown.map(({ segment, at }, index) => {
                  const bin = Math.max(0, Math.min(bins.length - 1, Math.floor((at - low) / width)));
                  return {
                    name: `${segment} ${shownAs(at)}`,
                    xAxis: bin,
                    // Above each other where they stand close, and never over the picture's edge.
                    label: {
                      distance: [0, 4 + (index % 2) * 14],
                      align: bin > bins.length * 0.7 ? 'right' : bin < bins.length * 0.2 ? 'left' : 'center',
                    },
                  };
                }),
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
                  <td>{shownAs(bin.from)}</td>
                  <td>{shownAs(bin.to)}</td>
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
