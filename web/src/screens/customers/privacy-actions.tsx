import { Alert, Button, Group, List, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { type Answer, api } from '../../api.ts';
import { count } from '../../parts/figures.ts';
import { tell, useChange } from '../../query.ts';

/** What an admin does when somebody asks for their data, or to be forgotten. */
export function PrivacyActions({ id }: { id: string }) {
  const [isOpen, { open, close }] = useDisclosure(false);
  const [isReading, setReading] = useState(false);
  const download = async () => {
    setReading(true);
    try {
      const all = await api('POST /api/customers/person/:id/export', { params: { id } });
      const url = URL.createObjectURL(new Blob([JSON.stringify(all, null, 2)], { type: 'application/json' }));
      const link = document.createElement('a');
      link.href = url;
      link.download = `person-${id}.json`;
      link.click();
      URL.revokeObjectURL(url);
    } catch (error) {
      tell(error);
    }
    setReading(false);
  };
  return (
    <>
      <Button variant="default" loading={isReading} onClick={() => void download()}>
        Export
      </Button>
      <Button variant="light" color="red" onClick={open}>
        Erase
      </Button>
      <Modal opened={isOpen} onClose={close} title="Erase this person">
        <EraseForm id={id} onClose={close} />
      </Modal>
    </>
  );
}

function EraseForm({ id, onClose }: { id: string; onClose: () => void }) {
  const [text, setText] = useState('');
  const [reason, setReason] = useState('');
  const [receipt, setReceipt] = useState<Answer<'POST /api/customers/person/:id/erase'> | null>(null);
  const navigate = useNavigate();
  const erase = useChange('POST /api/customers/person/:id/erase', { onDone: setReceipt });
  if (receipt) return <Receipt receipt={receipt} onDone={() => navigate('/customers')} />;
  return (
    <Stack>
      <Text size="sm">
        Everything that is stored of them goes, for good, and they are never stored again, even where a CRM
        still holds them. Their deals stay as revenue of nobody. The next run clears their labels in the CRMs;
        the records there are yours to delete.
      </Text>
      <TextInput
        label="Reason (for the log; without naming them)"
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <TextInput
        label="Type erase to confirm"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Keep them
        </Button>
        <Button
          color="red"
          disabled={text !== 'erase'}
          loading={erase.isPending}
          onClick={() =>
            erase.mutate({ params: { id }, body: { confirm: 'erase', ...(reason && { reason }) } })
          }
        >
          Erase
        </Button>
      </Group>
    </Stack>
  );
}

function Receipt({
  receipt,
  onDone,
}: {
  receipt: Answer<'POST /api/customers/person/:id/erase'>;
  onDone: () => void;
}) {
  const toClear = receipt.toClear.reduce((sum, { records }) => sum + records, 0);
  return (
    <Stack>
      <Alert color="teal" title="Erased">
        <List size="sm">
          <List.Item>{count(receipt.records)} records of theirs are gone.</List.Item>
          <List.Item>{count(receipt.deals)} deals stay, credited to nobody.</List.Item>
          <List.Item>
            {toClear === 0
              ? 'No CRM shows a label of theirs.'
              : `${count(toClear)} labels are cleared with the next run.`}
          </List.Item>
          {receipt.namedIn.length > 0 && (
            <List.Item>
              Their address stands in the definition of {receipt.namedIn.join(', ')}: take it out there.
            </List.Item>
          )}
        </List>
        <Text size="xs" mt="xs">
          Receipt {receipt.id}
        </Text>
      </Alert>
      <Button onClick={onDone}>Done</Button>
    </Stack>
  );
}
