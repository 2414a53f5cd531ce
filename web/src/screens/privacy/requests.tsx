import { Button, Card, Group, Modal, Text, TextInput, Title } from '@mantine/core';
import { useState } from 'react';
import { saveFile } from '../../parts/save-file.ts';
import { tell, useChange } from '../../query.ts';
import { EraseForm } from './erase-form.tsx';

/** A request of access, or to be forgotten, by the address that somebody gives. */
export function Requests() {
  const [who, setWho] = useState('');
  const [isErasing, setErasing] = useState(false);
  const export_ = useChange('POST /api/privacy/export', {
    quiet: true,
    onDone: (all) => saveFile('access-request.json', JSON.stringify(all, null, 2), 'application/json'),
  });
  const readmit = useChange('POST /api/privacy/readmit', {
    done: ({ readmitted }) =>
      readmitted ? 'They may come back with the next run.' : 'They were never erased: nothing to do.',
  });
  const given = who.trim();
  return (
    <Card withBorder component="section" aria-label="Somebody asks">
      <Title order={2} size="h5">
        Somebody asks
      </Title>
      <Text size="sm" c="dimmed" mb="xs">
        The law gives one month (GDPR) or 45 days (CCPA). Corrections are made in the CRM; the next run
        follows.
      </Text>
      <Group align="flex-end">
        <TextInput
          label="E-mail address"
          placeholder="ada@example.com"
          style={{ flex: '1 1 260px' }}
          value={who}
          onChange={(event) => setWho(event.currentTarget.value)}
        />
        <Button
          variant="default"
          disabled={given === ''}
          loading={export_.isPending}
          onClick={() => export_.mutate({ body: { who: given } }, { onError: tell })}
        >
          What do we hold?
        </Button>
        <Button variant="light" color="red" disabled={given === ''} onClick={() => setErasing(true)}>
          Erase
        </Button>
        <Button
          variant="subtle"
          disabled={given === ''}
          loading={readmit.isPending}
          onClick={() => readmit.mutate({ body: { who: given } })}
        >
          Let them come back
        </Button>
      </Group>
      <Modal opened={isErasing} onClose={() => setErasing(false)} title={`Erase ${given}`}>
        <EraseForm
          who={given}
          onClose={() => {
            setErasing(false);
            setWho('');
          }}
        />
      </Modal>
    </Card>
  );
}
