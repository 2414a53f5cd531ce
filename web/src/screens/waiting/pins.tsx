import { Badge, Button, Group, Text } from '@mantine/core';
import { ago, day } from '../../parts/figures.ts';
import { Empty, Read } from '../../parts/states.tsx';
import { Rows } from '../../parts/table.tsx';
import { usePages } from '../../parts/use-pages.ts';
import { useChange } from '../../query.ts';
import { useMay } from '../../session.ts';
import { RecordLink } from '../runs/refused.tsx';
import { Customer } from '../runs/writes.tsx';

/** Values that people set by hand in a CRM; they stay until somebody lets them go. */
export function Pins() {
  const { query, more } = usePages('GET /api/pins', { query: {} });
  const remove = useChange('POST /api/pins/remove', { done: 'The next run writes our label there again.' });
  const mayRemove = useMay('approve');
  return (
    <Read query={query}>
      {(pins) => (
        <Rows
          name="Values set by hand"
          rows={pins}
          keyOf={(pin) => `${pin.connectionId} ${pin.object} ${pin.record} ${pin.target}`}
          more={more}
          empty={
            <Empty title="Nobody set a label by hand">
              Where somebody changes one of our values in the CRM, that is respected: it shows here, and we
              leave it alone.
            </Empty>
          }
          columns={[
            {
              head: 'Customer',
              cell: (pin) => <Customer line={{ ...pin, before: [], after: [] }} />,
            },
            { head: 'Record', cell: (pin) => <RecordLink {...pin} /> },
            { head: 'What', cell: (pin) => pin.what },
            {
              head: 'Set to',
              cell: (pin) => (
                <Group gap={4}>
                  {pin.value.length === 0 ? (
                    <Text size="sm" c="dimmed">
                      nothing
                    </Text>
                  ) : (
                    pin.value.map((one) => (
                      <Badge key={one} variant="light" tt="none">
                        {one}
                      </Badge>
                    ))
                  )}
                </Group>
              ),
            },
            { head: 'Seen', cell: (pin) => ago(pin.seenAt) },
            { head: 'Until', cell: (pin) => (pin.until ? day(pin.until) : 'for good') },
            {
              head: '',
              cell: (pin) =>
                mayRemove && (
                  <Button
                    size="compact-xs"
                    variant="default"
                    aria-label={`Write our label over it again: ${pin.customer ?? pin.record}`}
                    onClick={() =>
                      remove.mutate({
                        body: {
                          pins: [
                            {
                              connectionId: pin.connectionId,
                              object: pin.object,
                              key: pin.record,
                              targetId: pin.target,
                            },
                          ],
                        },
                      })
                    }
                  >
                    Unpin
                  </Button>
                ),
            },
          ]}
        />
      )}
    </Read>
  );
}
