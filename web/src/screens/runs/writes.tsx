import { Anchor, Badge, Group, Text } from '@mantine/core';
import { Link } from 'react-router';
import type { Answer } from '../../api.ts';
import { Empty, Read } from '../../parts/states.tsx';
import { Rows } from '../../parts/table.tsx';
import { usePages } from '../../parts/use-pages.ts';
import { RecordLink } from './refused.tsx';
import type { Run } from './run-words.tsx';

type Line = Pick<
  Answer<'GET /api/targets/:id/writes'>['items'][number],
  'customer' | 'customerId' | 'object' | 'record' | 'before' | 'after'
>;

export function Customer({ line }: { line: Line }) {
  if (line.customerId === null) return <Text size="sm">{line.customer ?? 'merged or gone'}</Text>;
  return (
    <Anchor
      component={Link}
      size="sm"
      to={`/customers/${line.object === 'company' ? 'company' : 'person'}/${line.customerId}`}
    >
      {line.customer ?? line.record}
    </Anchor>
  );
}

/** "At risk → Champions" */
export function Change({ line: { before, after } }: { line: Line }) {
  const words = (value: string[]) =>
    value.length === 0 ? (
      <Text span c="dimmed" size="sm">
        nothing
      </Text>
    ) : (
      value.map((one) => (
        <Badge key={one} variant="light" tt="none" style={{ flexShrink: 0 }}>
          {one}
        </Badge>
      ))
    );
  return (
    <Group gap={6}>
      {words(before)}
      <span role="img" aria-label="becomes">
        →
      </span>
      {words(after)}
    </Group>
  );
}

/** Every value that a run wrote. */
export function RunWrites({ run }: { run: Run }) {
  const { query, more } = usePages('GET /api/runs/:id/writes', { params: { id: run.id }, query: {} });
  return (
    <Read query={query}>
      {(rows) => (
        <Rows
          name="What the run wrote"
          rows={rows}
          keyOf={(row) => row.id}
          more={more}
          empty={
            <Empty title={run.endedAt === null ? 'Nothing written yet' : 'It wrote nothing'}>
              {run.dryRun
                ? 'A dry run writes nothing.'
                : 'Only differences go out: where the CRMs show what they should, there is nothing to write.'}
            </Empty>
          }
          columns={[
            { head: 'Customer', cell: (row) => <Customer line={row} /> },
            { head: 'Record', cell: (row) => <RecordLink {...row} /> },
            { head: 'What', cell: (row) => row.what },
            { head: 'Change', cell: (row) => <Change line={row} /> },
            {
              head: 'Note',
              cell: (row) => (row.undoneAt ? 'taken back' : row.cause === 'write' ? '' : row.cause),
            },
          ]}
        />
      )}
    </Read>
  );
}
