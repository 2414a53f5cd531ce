import { Box, Button, Center, Table, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import type { ReactNode } from 'react';

export type Column<Row> = {
  head: string;
  cell: (row: Row) => ReactNode;
  /** Numbers stand at the right. */
  isNumber?: boolean;
  /** Of the table, where the widths of the words would give a poor one: 38%. */
  width?: string;
};

/**
 * Rows under their heads; on a phone each row is a block (workspace.css). Roles are said, as a table that is drawn as
 * blocks loses its own.
 */
export function Rows<Row>({
  name,
  columns,
  rows,
  keyOf,
  empty,
  more,
}: {
  /** What the table is of, for screen readers. */
  name: string;
  columns: Column<Row>[];
  rows: Row[];
  keyOf: (row: Row) => string;
  empty?: ReactNode;
  /** Reads the next page, where there is one. */
  more?: { isLoading: boolean; load: () => void } | undefined;
}) {
  const isNarrow = useMediaQuery('(max-width: 36em)');
  if (rows.length === 0) return <>{empty ?? <Text c="dimmed">Nothing here yet.</Text>}</>;
  return (
    <Box className="rows">
      <Table.ScrollContainer
        minWidth={isNarrow || columns.length < 3 ? 0 : 420}
        scrollAreaProps={{ viewportProps: { tabIndex: 0, role: 'region', 'aria-label': name } }}
      >
        <Table highlightOnHover verticalSpacing="xs" aria-label={name} role="table">
          <Table.Thead>
            <Table.Tr>
              {columns.map(({ head, isNumber, width }) => (
                <Table.Th key={head} ta={isNumber ? 'right' : 'left'} {...(width && { w: width })}>
                  {head}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody role="rowgroup">
            {rows.map((row) => (
              <Table.Tr key={keyOf(row)} role="row">
                {columns.map(({ head, cell, isNumber }) => (
                  <Table.Td
                    key={head}
                    role="cell"
                    data-head={head}
                    ta={isNumber ? 'right' : 'left'}
                    style={isNumber ? { fontVariantNumeric: 'tabular-nums' } : undefined}
                  >
                    <div>{cell(row)}</div>
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {more && (
        <Center mt="sm">
          <Button variant="default" size="xs" loading={more.isLoading} onClick={more.load}>
            Show more
          </Button>
        </Center>
      )}
    </Box>
  );
}
