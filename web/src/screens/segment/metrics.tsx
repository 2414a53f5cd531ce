import { Stack, Text } from '@mantine/core';
import { count, day, money, share } from '../../parts/figures.ts';
import { useNames } from '../../parts/names.ts';
import { Empty, Read } from '../../parts/states.tsx';
import { Rows } from '../../parts/table.tsx';
import { useApi } from '../../query.ts';
import { useSession } from '../../session.ts';

/** What members did in the last year beside everybody; each rate with its 95 % interval. */
export function Metrics({ segmentation, segment }: { segmentation: string; segment: string }) {
  const { tenant } = useSession();
  const names = useNames();
  const query = useApi('GET /api/segmentations/:key/metrics', { params: { key: segmentation } });
  return (
    <Read query={query}>
      {(metrics) => {
        const own = metrics.segments.find((one) => one.segment === segment);
        if (!own || own.members === 0)
          return <Empty title="Nobody holds this label, so there is nothing to measure" />;
        const { everybody } = metrics;
        const amount = (value: number | null | undefined) =>
          value === null || value === undefined ? '–' : money(value, tenant.currency);
        const rows = [
          { name: 'Members', of: '', here: count(own.members), all: count(everybody.members) },
          {
            name: 'Revenue',
            of: 'won in the window',
            here: amount(own.revenue),
            all: amount(everybody.revenue),
          },
          {
            name: 'Revenue each',
            of: '',
            here: amount(own.revenuePerMember),
            all: amount(everybody.revenuePerMember),
          },
          {
            name: 'Average deal',
            of: '',
            here: amount(own.averageDeal?.value),
            all: amount(everybody.averageDeal?.value),
          },
          ...own.rates.map((rate) => {
            const beside = everybody.rates.find(({ metric }) => metric === rate.metric);
            return {
              name: rate.name,
              of: `${rate.numerator}, of ${rate.denominator}`,
              here: told(rate, names.attribute),
              all: beside ? told(beside, names.attribute) : '–',
            };
          }),
        ];
        return (
          <Stack>
            <Text size="sm" c="dimmed">
              From {day(metrics.from)} to {day(metrics.to)}. Rates with the interval that holds the true one
              95 times of 100; figures of fewer than 10 are not told.
            </Text>
            <Rows
              name="Metrics"
              rows={rows}
              keyOf={({ name }) => name}
              columns={[
                {
                  head: 'What',
                  cell: ({ name, of }) => (
                    <>
                      {name}
                      {of && (
                        <Text size="xs" c="dimmed">
                          {of}
                        </Text>
                      )}
                    </>
                  ),
                },
                { head: 'This segment', isNumber: true, cell: ({ here }) => here },
                { head: 'Everybody', isNumber: true, cell: ({ all }) => all },
              ]}
            />
          </Stack>
        );
      }}
    </Read>
  );
}

type Told = { rate: { value: number; low: number; high: number } | null; tooFew: boolean; needs: string[] };

function told({ rate, tooFew, needs }: Told, nameOf: (attribute: string) => string): string {
  if (needs.length > 0) return `needs ${needs.map(nameOf).join(', ')}`;
  if (!rate) return 'too few to tell';
  const text = `${share(rate.value)} (${share(rate.low)} to ${share(rate.high)})`;
  return tooFew ? `${text}, few` : text;
}
