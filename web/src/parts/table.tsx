import { Box, Button, Center, Table, Text } from '@mantine/core';
import type { ReactNode } from 'react';

export type Column<Row> = {
  head: string;
  cell: (row: Row) => ReactNode;
  /** Numbers stand at the right. */
  isNumber?: boolean;
  /** Of the table, where the widths of the words would give a poor one: 38%. */
  width?: string;
};

/** Rows with a head that stays; scrolls sideways on a narrow screen. */
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
  if (rows.length === 0) return <>{empty ?? <Text c="dimmed">Nothing here yet.</Text>}</>;
  return (
    <Box>
      <Table.ScrollContainer
        minWidth={420}
        scrollAreaProps={{ viewportProps: { tabIndex: 0, role: 'region', 'aria-label': name } }}
      >
        <Table highlightOnHover verticalSpacing="xs" aria-label={name}>
          <Table.Thead>
            <Table.Tr>
              {columns.map(({ head, isNumber, width }) => (
                <Table.Th key={head} ta={isNumber ? 'right' : 'left'} {...(width && { w: width })}>
                  {head}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row) => (
              <Table.Tr key={keyOf(row)}>
                {columns.map(({ head, cell, isNumber }) => (
                  <Table.Td
                    key={head}
                    ta={isNumber ? 'right' : 'left'}
                    style={isNumber ? { fontVariantNumeric: 'tabular-nums' } : undefined}
                  >
                    {cell(row)}
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
