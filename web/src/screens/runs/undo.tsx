import { Alert, Button, Group, List, Modal, Progress, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type Answer, type ApiError, api } from '../../api.ts';
import { counted, share } from '../../parts/figures.ts';
import { Read } from '../../parts/states.tsx';
import { useApi, useChange } from '../../query.ts';

type Request = { runId: string } | { targetId: string };

/** Says first what taking back would touch; only then it can be begun. */
export function Undo({ request, name, close }: { request: Request; name: string; close: () => void }) {
  const plan = useQuery<Answer<'POST /api/undo/preview'>, ApiError>({
    queryKey: ['undo plan', request],
    queryFn: () => api('POST /api/undo/preview', { body: request }),
    staleTime: 0,
  });
  const undo = useChange('POST /api/undo', { done: 'It is being taken back.', onDone: close });
  return (
    <Modal opened onClose={close} title={`Take back what ${name} wrote?`} size="lg">
      <Read query={plan} rows={3}>
        {({ records, values, targets, lists }) =>
          values === 0 ? (
            <Text>Nothing that it wrote is left to take back.</Text>
          ) : (
            <Stack>
              <Text>
                This touches <strong>{counted(records, 'record')}</strong>: {counted(values, 'value')} go back
                to what they were. A value that somebody changed since stays as it is.
              </Text>
              <Alert color="orange" title="Automations fire again">
                Workflows in the CRM that listen to these properties
                {lists > 0 && ` or to ${counted(lists, 'list')}`} see {counted(records, 'record')} change.
              </Alert>
              <div>
                <Text size="sm">
                  These targets are paused, so that the next run does not write them again:
                </Text>
                <List size="sm" mah={180} style={{ overflowY: 'auto' }}>
                  {targets.map(({ id, what, connection }) => (
                    <List.Item key={id}>
                      {connection}: {what}
                    </List.Item>
                  ))}
                </List>
              </div>
              <Group justify="flex-end">
                <Button variant="default" onClick={close}>
                  Leave it
                </Button>
                <Button
                  color="red"
                  loading={undo.isPending}
                  onClick={() => undo.mutate({ body: request, idempotencyKey: crypto.randomUUID() })}
                >
                  Take back {counted(values, 'value')}
                </Button>
              </Group>
            </Stack>
          )
        }
      </Read>
    </Modal>
  );
}

/** How far an undo is, or how it ended. */
export function UndoProgress({ undo }: { undo: Answer<'GET /api/runs/:id'>['undos'][number] }) {
  const live = useApi(
    'GET /api/undo/:id',
    { params: { id: undo.id } },
    { everyMs: 1_000, enabled: undo.endedAt === null },
  );
  if (undo.endedAt !== null) {
    const kept =
      undo.kept > 0
        ? ` ${counted(undo.kept, 'value')} that changed since, or that the CRM refused, stay.`
        : '';
    return undo.reason ? (
      <Alert color="red" title="Taking back stopped">
        {undo.reason.message} {undo.reason.action}
      </Alert>
    ) : (
      <Alert color="teal" title={`Taken back by ${undo.requestedBy}`}>
        {counted(undo.restored, 'value')} put back.{kept} The targets are paused until somebody releases them.
      </Alert>
    );
  }
  const done = undo.total - (live.data?.left ?? undo.total);
  return (
    <Alert color="blue" title="Being taken back">
      <Text size="sm">
        {counted(done, 'value')} of {counted(undo.total, 'value')} ({share(done / undo.total)}).
        {live.data?.reason && ` It waits: ${live.data.reason.message}`}
      </Text>
      <Progress value={(100 * done) / undo.total} animated aria-label="How far it is taken back" />
    </Alert>
  );
}
