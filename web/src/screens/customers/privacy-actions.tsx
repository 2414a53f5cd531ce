import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { type Answer, api } from '../../api.ts';
import { saveFile } from '../../parts/save-file.ts';
import { tell, useChange } from '../../query.ts';
import { EraseReceipt } from '../privacy/erase-receipt.tsx';

/** What an admin does when somebody asks for their data, or to be forgotten. */
export function PrivacyActions({ id }: { id: string }) {
  const [isOpen, { open, close }] = useDisclosure(false);
  const [isReading, setReading] = useState(false);
  const download = async () => {
    setReading(true);
    try {
      const all = await api('POST /api/customers/person/:id/export', { params: { id } });
      saveFile(`person-${id}.json`, JSON.stringify(all, null, 2), 'application/json');
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
  if (receipt) return <EraseReceipt receipt={receipt} onDone={() => navigate('/customers')} />;
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
