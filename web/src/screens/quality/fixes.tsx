import { Anchor, Text } from '@mantine/core';
import { Link } from 'react-router';
import type { Answer } from '../../api.ts';
import { count } from '../../parts/figures.ts';
import { useNames } from '../../parts/names.ts';
import { Rows } from '../../parts/table.tsx';

/** What to mend, most customers first. */
export function Fixes({ fixes }: { fixes: Answer<'GET /api/quality'>['fixes'] }) {
  const names = useNames();
  return (
    <Rows
      name="What to mend first"
      rows={fixes}
      keyOf={({ what }) => what}
      empty={<Text size="sm">Nothing: every customer can be placed.</Text>}
      columns={[
        {
          head: 'What to mend first',
          cell: ({ what, kind }) => (
            <>
              {what}{' '}
              {kind !== 'fill' && (
                <Anchor component={Link} to="/mapping" size="sm" underline="always">
                  Mapping
                </Anchor>
              )}
            </>
          ),
        },
        { head: 'Customers without it', isNumber: true, cell: ({ customers }) => count(customers) },
        {
          head: 'Would enter a segment',
          isNumber: true,
          cell: ({ expectedMoves }) =>
            expectedMoves === null ? 'not known' : count(Math.round(expectedMoves)),
        },
        { head: 'Segments', cell: ({ segments }) => segments.map((one) => names.segment(one)).join(', ') },
      ]}
    />
  );
}
