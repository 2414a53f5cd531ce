import { Alert, Button, Checkbox, Group, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useChange } from '../../query.ts';
import { EraseReceipt } from './erase-receipt.tsx';

/** Erases whoever holds an address; several people are named first, as the server asks for it. */
export function EraseForm({ who, onClose }: { who: string; onClose: () => void }) {
  const [text, setText] = useState('');
  const [reason, setReason] = useState('');
  const [all, setAll] = useState(false);
  const erase = useChange('POST /api/privacy/erase', { quiet: true });
  if (erase.data) return <EraseReceipt receipt={erase.data} onDone={onClose} />;
  const problem = erase.error?.problem;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        erase.mutate({ body: { who, confirm: 'erase', all, ...(reason && { reason }) } });
      }}
    >
      <Stack>
        <Text size="sm">
          Everything that is stored of them goes, for good, and they are never stored again, even where a CRM
          still holds them. Their deals stay as revenue of nobody. The next run clears their labels in the
          CRMs; the records there are yours to delete.
        </Text>
        <TextInput
          label="Reason (for the log; without naming them)"
          placeholder="request 117"
          maxLength={200}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <Checkbox
          label="Everybody who holds this address, where several people do"
          checked={all}
          onChange={(event) => setAll(event.currentTarget.checked)}
        />
        <TextInput
          label="Type erase to confirm"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        {problem && (
          <Alert color="red" role="alert">
            {problem.detail} {problem.action}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Keep them
          </Button>
          <Button type="submit" color="red" disabled={text !== 'erase'} loading={erase.isPending}>
            Erase
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
