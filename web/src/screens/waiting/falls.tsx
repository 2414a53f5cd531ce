import { Alert, Button, Group, Text } from '@mantine/core';
import type { Answer } from '../../api.ts';
import { ago, count } from '../../parts/figures.ts';
import { useChange } from '../../query.ts';
import { useMay } from '../../session.ts';

/** Records that went missing at once: none is removed until somebody says that they are gone. */
export function Falls({ falls }: { falls: Answer<'GET /api/waiting'>['falls'] }) {
  const accept = useChange('POST /api/falls/accept', { done: 'The next run removes them.' });
  const mayAccept = useMay('approve');
  return falls.map(({ connectionId, connection, object, purpose, missing, live, since }) => (
    <Alert
      key={`${connectionId} ${object} ${purpose}`}
      color="orange"
      title={`${connection}: ${count(missing)} of ${count(live)} ${object} records are suddenly gone`}
    >
      <Text size="sm">
        Seen {ago(since)}. None of them was removed here, and their labels stay. Look in the CRM: were they
        deleted, or are they only hidden from us?
      </Text>
      {mayAccept && (
        <Group mt="xs">
          <Button
            size="xs"
            variant="default"
            loading={accept.isPending}
            onClick={() => accept.mutate({ body: { connectionId, object, purpose } })}
          >
            They are really gone
          </Button>
        </Group>
      )}
    </Alert>
  ));
}
