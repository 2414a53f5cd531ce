import { Alert, Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { Answer } from '../../api.ts';
import { day } from '../../parts/figures.ts';
import { useChange } from '../../query.ts';

type Customer = Answer<'GET /api/customers/:subject/:id'>;
type CustomerRecord = Customer['records'][number];

const REASONS: Record<Customer['subject'], Record<string, string>> = {
  person: {
    key: 'they have the same e-mail address',
    cross_reference: 'one names the other by its id',
    merged_in_crm: 'they were merged in the CRM',
  },
  company: {
    key: 'they have the same domain',
    cross_reference: 'one names the other by its id',
    merged_in_crm: 'they were merged in the CRM',
  },
};

/** Why several records are one customer. */
export function Merges({ customer }: { customer: Customer }) {
  if (customer.merges.length === 0) return null;
  return (
    <Alert variant="light" title="These records are one customer">
      {customer.merges.map(({ at, by }) => (
        <Text size="sm" key={at}>
          Since {day(at)}: {by.map((reason) => REASONS[customer.subject][reason] ?? reason).join(', and ')}.
        </Text>
      ))}
    </Alert>
  );
}

/** Takes a record out of its customer, or lets it come back. */
export function RecordIdentity({ customer, record }: { customer: Customer; record: CustomerRecord }) {
  const [isAsking, { open, close }] = useDisclosure(false);
  const given = {
    params: { subject: customer.subject, id: customer.id },
    body: { connectionId: record.connectionId, recordId: record.id },
  };
  const split = useChange('POST /api/customers/:subject/:id/split', {
    done: 'The record is a customer of its own in a moment.',
    onDone: close,
  });
  const rejoin = useChange('POST /api/customers/:subject/:id/rejoin', {
    done: 'It is brought together again in a moment, where it still shares something.',
  });
  const name = `${record.connection} ${record.id}`;
  if (record.keptApart) {
    return (
      <Stack gap={4} align="flex-start">
        <Text size="xs" c="dimmed">
          kept apart by {record.keptApart.by}, {day(record.keptApart.at)}
        </Text>
        <Button
          size="compact-xs"
          variant="subtle"
          aria-label={`Bring together again: ${name}`}
          loading={rejoin.isPending}
          onClick={() => rejoin.mutate(given)}
        >
          Bring together again
        </Button>
      </Stack>
    );
  }
  const others = customer.records.filter(({ state }) => state === 'live').length - 1;
  if (record.state !== 'live' || others < 1) return null;
  const who = customer.subject === 'person' ? 'somebody else' : 'another company';
  return (
    <>
      <Button size="compact-xs" variant="subtle" aria-label={`This is ${who}: ${name}`} onClick={open}>
        This is {who}
      </Button>
      <Modal opened={isAsking} onClose={close} title={`Split ${name} off`}>
        <Stack>
          <Text size="sm">
            The record becomes a customer of its own for good, whatever it shares with the{' '}
            {others === 1 ? 'other' : `other ${others}`}. Its deals go with it, both get the labels that are
            then theirs, and the CRMs are written to where those differ. You can bring them together again.
          </Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Leave as it is
            </Button>
            <Button loading={split.isPending} onClick={() => split.mutate(given)}>
              Split off
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
