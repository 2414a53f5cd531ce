import { Alert, Button, Checkbox, Group, List, Modal, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { api } from '../../api.ts';
import { count, counted } from '../../parts/figures.ts';
import { tell, useChange } from '../../query.ts';
import { useMay } from '../../session.ts';
import type { Target } from './targets.tsx';

/** Says what a release will do before it is done; `isCounting`: what is known so far. */
export function Release({
  targets,
  isCounting,
  close,
}: {
  targets: Target[];
  isCounting: boolean;
  close: () => void;
}) {
  const mayRun = useMay('edit');
  const navigate = useNavigate();
  const [runs, setRuns] = useState(true);
  const release = useChange('POST /api/targets/release', {
    done: ({ released }) => `${counted(released.length, 'target')} released.`,
    onDone: async () => {
      close();
      if (!runs || !mayRun) return;
      try {
        const { id } = await api('POST /api/runs', { body: {}, idempotencyKey: crypto.randomUUID() });
        void navigate(`/runs/${id}`);
      } catch (error) {
        tell(error);
      }
    },
  });
  const sum = (of: 'writes' | 'changes') => targets.reduce((total, target) => total + target[of], 0);
  const written = targets.filter(({ filledByCrm }) => !filledByCrm);
  const places = [...Map.groupBy(written, ({ connection }) => connection)];
  const braked = targets.filter(({ why }) => why === 'brake');
  return (
    <Modal opened onClose={close} title={`Release ${counted(targets.length, 'target')}?`} size="lg">
      <Stack>
        {written.length > 0 && (
          <>
            <Text>
              The next run writes {isCounting && 'at least '}
              <strong>{counted(sum('writes'), 'value')}</strong>
              {sum('changes') > 0 && `, of which ${count(sum('changes'))} replace another one`}:
            </Text>
            <List size="sm" mah={220} style={{ overflowY: 'auto' }}>
              {places.map(([connection, group]) => (
                <List.Item key={connection}>
                  {connection}:{' '}
                  {counted(
                    group.reduce((total, { writes }) => total + writes, 0),
                    'value',
                  )}{' '}
                  in {counted(group.length, 'target')}
                </List.Item>
              ))}
            </List>
          </>
        )}
        {written.length < targets.length && (
          <Text>
            {counted(targets.length - written.length, 'list or view', 'lists and views')} will be made, which
            the CRM fills by itself from the labels.
          </Text>
        )}
        {braked.length > 0 && (
          <Alert color="orange" title="A brake stopped these">
            Release them only if what it saw is right: {braked[0]?.reason?.message}
          </Alert>
        )}
        <Alert color="gray">
          Workflows in the CRM that listen to these properties or lists fire. The first 50 records of a new
          target go first, and the rest follows if the CRM takes them. Every write can be taken back under
          Runs.
        </Alert>
        {mayRun && (
          <Checkbox
            label="Start a run now, so that it is written at once"
            checked={runs}
            onChange={(event) => setRuns(event.currentTarget.checked)}
          />
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Not yet
          </Button>
          <Button
            loading={release.isPending}
            onClick={() => release.mutate({ body: { targets: targets.map(({ id }) => id) } })}
          >
            Release
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
