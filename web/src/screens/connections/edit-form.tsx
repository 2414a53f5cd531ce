import { Button, Group, NumberInput, Stack, Switch, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useChange } from '../../query.ts';
import type { Connection } from './connections.tsx';

/** Name, rank, and whether we may make fields and lists there. */
export function EditForm({ connection, onDone }: { connection: Connection; onDone: () => void }) {
  const [name, setName] = useState(connection.name);
  const [rank, setRank] = useState<number | string>(connection.rank);
  const [mayCreate, setMayCreate] = useState(connection.mayCreate ?? true);
  const change = useChange('PATCH /api/connections/:id', { done: 'Saved.', onDone });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate({
          params: { id: connection.id },
          body: {
            name,
            rank: Number(rank),
            ...(mayCreate !== (connection.mayCreate ?? true) && { mayCreate }),
          },
        });
      }}
    >
      <Stack>
        <TextInput
          label="Name"
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <NumberInput
          label="Rank"
          description="0 comes first. A deal that two CRMs hold counts as the first one has it."
          min={0}
          max={1000}
          allowDecimal={false}
          value={rank}
          onChange={setRank}
        />
        <Switch
          label="Segment Sync makes its fields and lists itself"
          description="Off: you get a bundle to deploy, and values are written once the fields are there."
          checked={mayCreate}
          onChange={(event) => setMayCreate(event.currentTarget.checked)}
        />
        <Group justify="flex-end">
          <Button type="submit" loading={change.isPending} disabled={rank === ''}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
