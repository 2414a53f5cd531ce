import { Anchor, Badge, Stack, Text } from '@mantine/core';
import { Link } from 'react-router';
import type { Answer } from '../../api.ts';
import { count, share } from '../../parts/figures.ts';
import { useNames } from '../../parts/names.ts';
import { Empty, Read } from '../../parts/states.tsx';
import { Rows } from '../../parts/table.tsx';
import { useApi } from '../../query.ts';

/** Which other segments hold the same customers. */
export function Overlaps({ segmentation, segment }: { segmentation: string; segment: string }) {
  const query = useApi('GET /api/segmentations/:key/overlap', { params: { key: segmentation } });
  const own = `${segmentation}.${segment}`;
  const names = useNames();
  return (
    <Read query={query}>
      {({ coverage, unserved, pairs }) => (
        <Stack>
          <Text size="sm">
            {share(coverage)} hold a label of this segment set; {count(unserved.size)} hold none.
          </Text>
          <Rows
            name="Overlap"
            rows={pairs.filter(({ a, b }) => a === own || b === own)}
            keyOf={({ a, b }) => `${a} ${b}`}
            empty={<Empty title="No other segment shares its members" />}
            columns={[
              {
                head: 'Segment',
                cell: (pair) => {
                  const { key } = besides(pair, own);
                  return (
                    <Anchor component={Link} to={`/segments/${key.replace('.', '/')}`}>
                      {names.segment(key, segmentation)}
                    </Anchor>
                  );
                },
              },
              { head: 'Its size', isNumber: true, cell: (pair) => count(besides(pair, own).size) },
              {
                head: 'In both',
                isNumber: true,
                cell: ({ both }) => (both === null ? 'under 10' : count(both)),
              },
              {
                head: 'Of this segment',
                isNumber: true,
                cell: (pair) => part(pair.both, besides(pair, own).ownSize),
              },
              {
                head: 'Of that one',
                isNumber: true,
                cell: (pair) => part(pair.both, besides(pair, own).size),
              },
              {
                head: 'Which means',
                cell: (pair) => {
                  const meaning = meaningOf(pair, own);
                  return (
                    meaning && (
                      <Badge variant="light" color="orange">
                        {meaning}
                      </Badge>
                    )
                  );
                },
              },
            ]}
          />
        </Stack>
      )}
    </Read>
  );
}

type Pair = Answer<'GET /api/segmentations/:key/overlap'>['pairs'][number];

/** The other segment of a pair, and the size of this one. */
const besides = ({ a, b, sizeA, sizeB }: Pair, own: string) =>
  a === own ? { key: b, size: sizeB, ownSize: sizeA } : { key: a, size: sizeA, ownSize: sizeB };

const part = (both: number | null, of: number): string =>
  both === null || of === 0 ? '–' : share(both / of);

/** From half on, as the review flags them; nothing of those that differ. */
function meaningOf(pair: Pair, own: string): string | null {
  if (!pair.flagged || pair.both === null) return null;
  if (pair.jaccard !== null && pair.jaccard > 0.5) return 'much the same';
  const { size, ownSize } = besides(pair, own);
  return pair.both / ownSize >= pair.both / size ? 'most are there too' : 'most of it is here';
}
