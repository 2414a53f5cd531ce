import { Button, Group } from '@mantine/core';
import { useState } from 'react';
import { count } from '../../parts/figures.ts';
import { Empty } from '../../parts/states.tsx';
import { Rows } from '../../parts/table.tsx';
import { useChange } from '../../query.ts';
import { useMay } from '../../session.ts';
import { Undo } from '../runs/undo.tsx';
import type { Target } from './targets.tsx';

/** Targets that each run writes to: they can be held, paused, and all that they wrote taken back. */
export function LiveTargets({ targets }: { targets: Target[] }) {
  const mayStop = useMay('approve');
  const stop = useChange('POST /api/targets/stop', {
    done: 'Nothing is written there until it is released.',
  });
  const [undone, setUndone] = useState<Target | null>(null);
  return (
    <>
      <Rows
        name="Live targets"
        rows={targets}
        keyOf={({ id }) => id}
        empty={
          <Empty title="Nothing is live yet">
            A target is live once somebody has released it; from then on each run writes what differs.
          </Empty>
        }
        columns={[
          { head: 'What', cell: ({ what }) => what },
          { head: 'Where', cell: ({ connection }) => connection },
          {
            head: 'Shows',
            isNumber: true,
            cell: ({ shown, filledByCrm }) => (filledByCrm ? 'by the CRM' : count(shown)),
          },
          {
            head: '',
            cell: (target) =>
              mayStop && (
                <Group gap={6} wrap="nowrap" justify="flex-end">
                  <Button
                    size="compact-xs"
                    variant="default"
                    aria-label={`Hold ${target.what} in ${target.connection}`}
                    onClick={() => stop.mutate({ body: { targets: [target.id], state: 'held' } })}
                  >
                    Hold
                  </Button>
                  {!target.filledByCrm && (
                    <Button
                      size="compact-xs"
                      variant="subtle"
                      color="red"
                      aria-label={`Take back all of ${target.what} in ${target.connection}`}
                      onClick={() => setUndone(target)}
                    >
                      Take back…
                    </Button>
                  )}
                </Group>
              ),
          },
        ]}
      />
      {undone && (
        <Undo
          request={{ targetId: undone.id }}
          name={`${undone.what} in ${undone.connection}`}
          close={() => setUndone(null)}
        />
      )}
    </>
  );
}
