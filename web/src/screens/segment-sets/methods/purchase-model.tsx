import { Badge, Group, Stack, Text } from '@mantine/core';
import { Chart, PALETTE } from '../../../parts/chart.tsx';
import { count, day, share } from '../../../parts/figures.ts';
import { type PictureOf, rounded } from './picture.ts';
import { ScoreHistogram } from './score-histogram.tsx';

const COLOURS: Record<string, string> = { high: 'teal', medium: 'blue', low: 'yellow', none: 'red' };

/** Lifetime value or churn: how sure the model is, whether it foretold a past that it did not know, and the tiers. */
export function PurchaseModel({ picture }: { picture: PictureOf<'lifetime_value'> | PictureOf<'churn'> }) {
  const { holdout, confidence, customers, repeatCustomers, reasons } = picture;
  const isValue = picture.method === 'lifetime_value';
  return (
    <Stack gap="sm">
      <Group gap={8}>
        <Text size="sm" fw={600}>
          Learned from {count(customers)} customers, {count(repeatCustomers)} of whom bought again
        </Text>
        <Badge variant="light" color={COLOURS[confidence] ?? 'gray'}>
          {confidence === 'none' ? 'does not fit' : `${confidence} confidence`}
        </Badge>
      </Group>
      {reasons.map((reason) => (
        <Text size="xs" c="dimmed" key={reason}>
          {reason}
        </Text>
      ))}
      {holdout && <Calibration holdout={holdout} />}
      <ScoreHistogram
        title={isValue ? 'Value to come' : 'Probability of being a customer still'}
        bins={picture.bins}
        cuts={picture.cuts}
        of={isValue ? 'money' : 'share'}
      />
    </Stack>
  );
}

type Holdout = NonNullable<PictureOf<'churn'>['holdout']>;

function Calibration({ holdout }: { holdout: Holdout }) {
  const { byFrequency, actual, expected, customers, calibrationEnd } = holdout;
  const off = actual === 0 ? null : (expected - actual) / actual;
  const sentence = `Learned from what was known on ${day(calibrationEnd)}, and asked about the time since: it forecast ${rounded(expected)} purchases of ${count(customers)} customers, and ${count(actual)} happened${off === null ? '' : ` (forecast ${share(Math.abs(off))} too ${off >= 0 ? 'high' : 'low'})`}.`;
  return (
    <div>
      <Text size="sm" fw={600} mb={4}>
        Forecast and what happened
      </Text>
      <Chart
        label={sentence}
        height={240}
        option={{
          grid: { left: 56, right: 16, top: 34, bottom: 40 },
          legend: { top: 0 },
          tooltip: { trigger: 'axis', renderMode: 'richText' },
          xAxis: {
            type: 'category',
            name: 'purchases before that day',
            nameLocation: 'middle',
            nameGap: 26,
            data: byFrequency.map(({ x }) => x),
          },
          yAxis: { type: 'value', name: 'purchases since, on average', nameLocation: 'middle', nameGap: 36 },
          series: [
            {
              name: 'what happened',
              type: 'bar',
              data: byFrequency.map(({ actualMean }) => round(actualMean)),
              color: PALETTE[0],
            },
            {
              name: 'forecast',
              type: 'line',
              data: byFrequency.map(({ expectedMean }) => round(expectedMean)),
              color: PALETTE[5],
            },
          ],
        }}
        table={
          <table>
            <caption>{sentence}</caption>
            <thead>
              <tr>
                <th>Purchases before</th>
                <th>Customers</th>
                <th>Made after, mean</th>
                <th>Forecast, mean</th>
              </tr>
            </thead>
            <tbody>
              {byFrequency.map((row) => (
                <tr key={row.x}>
                  <td>{row.x}</td>
                  <td>{count(row.customers)}</td>
                  <td>{rounded(row.actualMean)}</td>
                  <td>{rounded(row.expectedMean)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        }
      />
      <Text size="xs" c="dimmed">
        {sentence}
      </Text>
    </div>
  );
}

const round = (value: number): number => Math.round(value * 100) / 100;
