import { Anchor, Badge, Stack, Text } from '@mantine/core';
import { Link } from 'react-router';
import { count, share } from '../../parts/figures.ts';
import { Empty, Read } from '../../parts/states.tsx';
import { Rows } from '../../parts/table.tsx';
import { useApi } from '../../query.ts';

/** Which other segments hold the same customers. */
export function Overlaps({ segmentation, segment }: { segmentation: string; segment: string }) {
  const query = useApi('GET /api/segmentations/:key/overlap', { params: { key: segmentation } });
  const own = `${segmentation}.${segment}`;
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
                cell: ({ a, b }) => {
                  const other = a === own ? b : a;
                  return (
                    <Anchor component={Link} to={`/segments/${other.replace('.', '/')}`}>
                      {other}
                    </Anchor>
                  );
                },
              },
              {
                head: 'Its size',
                isNumber: true,
                cell: ({ a, sizeA, sizeB }) => count(a === own ? sizeB : sizeA),
              },
              {
                head: 'In both',
                isNumber: true,
                cell: ({ both }) => (both === null ? 'under 10' : count(both)),
              },
              {
                head: 'Alike',
                isNumber: true,
                cell: ({ jaccard, flagged }) => (
                  <>
                    {jaccard === null ? '–' : share(jaccard)}{' '}
                    {flagged && (
                      <Badge variant="light" color="orange" tt="none">
                        much the same
                      </Badge>
                    )}
                  </>
                ),
              },
            ]}
          />
        </Stack>
      )}
    </Read>
  );
}
