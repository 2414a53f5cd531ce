import { Anchor, Text } from '@mantine/core';
import { Link } from 'react-router';
import { showMoney } from '../../../../src/model/money-words.ts';
import type { Given } from '../../api.ts';
import { LabelBadges } from '../../parts/label-badge.tsx';
import { Empty, Read } from '../../parts/states.tsx';
import { Rows } from '../../parts/table.tsx';
import { usePages } from '../../parts/use-pages.ts';
import { useSession } from '../../session.ts';

type Query = NonNullable<Given<'GET /api/customers'>['query']>;

/** Customers a page at a time: of a search, or of a segment. */
export function CustomerTable({ name, query, empty }: { name: string; query: Query; empty: string }) {
  const { tenant } = useSession();
  const { query: read, more } = usePages('GET /api/customers', { query });
  const subject = query.subject ?? 'person';
  return (
    <Read query={read}>
      {(rows) => (
        <Rows
          name={name}
          rows={rows}
          keyOf={({ id }) => id}
          more={more}
          empty={<Empty title="Nobody">{empty}</Empty>}
          columns={[
            {
              head: subject === 'person' ? 'Person' : 'Company',
              cell: (row) => (
                <>
                  <Anchor component={Link} to={`/customers/${subject}/${row.id}`}>
                    {row.name ?? row.address ?? `#${row.id}`}
                  </Anchor>
                  {row.name && row.address && (
                    <Text size="xs" c="dimmed">
                      {row.address}
                    </Text>
                  )}
                </>
              ),
            },
            ...(subject === 'person'
              ? [{ head: 'Company', cell: (row: (typeof rows)[number]) => row.company ?? '–' }]
              : []),
            {
              head: 'Labels',
              cell: (row) => <LabelBadges labels={row.labels} />,
            },
            {
              head: 'Revenue',
              isNumber: true,
              cell: (row) => (row.revenue === null ? '–' : showMoney(row.revenue, tenant.currency)),
            },
          ]}
        />
      )}
    </Read>
  );
}
