import { Alert, SimpleGrid, Text } from '@mantine/core';
import type { Answer } from '../../api.ts';
import { Chart } from '../../parts/chart.tsx';
import { count, day, share } from '../../parts/figures.ts';
import { Read } from '../../parts/states.tsx';
import { useApi } from '../../query.ts';

type Result_ = Answer<'GET /api/experiments/:key'>['result'];

const VERDICTS: Record<Result_['verdict'], { says: string; color: string }> = {
  early: { says: 'Too early to say: whoever looks now finds differences that are not there.', color: 'blue' },
  mismatch: {
    says: 'The parts have not the sizes that were planned: find out why before you believe the figures.',
    color: 'orange',
  },
  too_few: { says: 'Too few took part to tell anything.', color: 'gray' },
  better: { says: 'The play does something: those who got it bought more.', color: 'teal' },
  worse: { says: 'The play harms: those who got it bought less.', color: 'red' },
  no_difference: { says: 'No difference shows.', color: 'gray' },
};

/** Where it stands: sizes at any time, the comparison with its interval once it may be told. */
export function Result({ experiment }: { experiment: string }) {
  const query = useApi('GET /api/experiments/:key', { params: { key: experiment } });
  return (
    <Read query={query} rows={2}>
      {({ result }) => {
        const { says, color } = VERDICTS[result.verdict];
        const figures = [
          ['With the play', count(result.treated)],
          ['Without', count(result.holdout)],
          ['Compared on', day(result.ends)],
          ['Split as planned', result.ratio === null ? '–' : result.ratio.mismatch ? 'no' : 'yes'],
        ] as const;
        return (
          <>
            <SimpleGrid cols={{ base: 2, sm: 4 }}>
              {figures.map(([name, value]) => (
                <div key={name}>
                  <Text size="xs" c="dimmed">
                    {name}
                  </Text>
                  <Text size="sm">{value}</Text>
                </div>
              ))}
            </SimpleGrid>
            <Alert color={color} variant="light">
              <Text size="sm">{says}</Text>
              {result.sequential && <Sequential test={result.sequential} />}
            </Alert>
            {result.test && result.verdict !== 'early' && <Compared test={result.test} />}
          </>
        );
      }}
    </Read>
  );
}

/** With a true minus. */
const signed = (value: number): string => share(value).replace('-', '−');

function Compared({ test }: { test: NonNullable<Result_['test']> }) {
  const sentence = `Bought: ${share(test.treatedRate)} with the play, ${share(test.holdoutRate)} without. The difference is ${signed(test.difference)} (95% interval: ${signed(test.low)} to ${signed(test.high)}).`;
  return (
    <>
      <Text size="sm">{sentence}</Text>
      <Chart
        label={sentence}
        height={150}
        option={{
          grid: { left: 120, right: 40, top: 10, bottom: 24 },
          xAxis: {
            type: 'value',
            max: (given: { max: number }) => Math.max(0.05, given.max),
            axisLabel: { formatter: (value: number) => share(value) },
          },
          yAxis: { type: 'category', data: ['Without', 'With the play'] },
          series: [
            {
              type: 'bar',
              data: [test.holdoutRate, test.treatedRate],
              barMaxWidth: 28,
              label: {
                show: true,
                position: 'right',
                formatter: ({ value }: { value: number }) => share(value),
              },
            },
          ],
        }}
      />
    </>
  );
}

function Sequential({ test }: { test: NonNullable<Result_['sequential']> }) {
  const end = (value: number | null) => (value === null ? 'open' : value.toFixed(2));
  if (test.ratio === null) return <Text size="sm">{count(test.events)} bought so far.</Text>;
  return (
    <Text size="sm">
      {count(test.events)} bought so far; those with the play {test.ratio.toFixed(2)} times as fast (
      {end(test.low)} to {end(test.high)}).
    </Text>
  );
}
