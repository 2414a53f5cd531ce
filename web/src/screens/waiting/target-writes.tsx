import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { counted } from '../../parts/figures.ts';
import { Empty, Read } from '../../parts/states.tsx';
import { Rows } from '../../parts/table.tsx';
import { usePages } from '../../parts/use-pages.ts';
import { RecordLink } from '../runs/refused.tsx';
import { Change, Customer } from '../runs/writes.tsx';
import type { Target } from './targets.tsx';

/** Each value that releasing a target would write. */
export function TargetWrites({
  target,
  close,
  release,
}: {
  target: Target;
  close: () => void;
  release?: () => void;
}) {
  const { query, more } = usePages('GET /api/targets/:id/writes', { params: { id: target.id }, query: {} });
  return (
    <Modal opened onClose={close} title={`${target.connection}: ${target.what}`} size="xl">
      <Stack>
        <Text size="sm" c="dimmed">
          {counted(target.writes, 'record')} would be written; {counted(target.shown, 'record')} show a value
          now.
        </Text>
        <Read query={query}>
          {(rows) => (
            <Rows
              name="What would be written"
              rows={rows}
              keyOf={({ record }) => record}
              more={more}
              empty={<Empty title="Nothing would be written">The CRM shows what it should.</Empty>}
              columns={[
                { head: 'Customer', cell: (row) => <Customer line={row} /> },
                { head: 'Record', cell: (row) => <RecordLink {...row} /> },
                { head: 'Change', cell: (row) => <Change line={row} /> },
              ]}
            />
          )}
        </Read>
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Close
          </Button>
          {release && target.state !== 'live' && <Button onClick={release}>Release…</Button>}
        </Group>
      </Stack>
    </Modal>
  );
}
