import {
  Alert,
  Anchor,
  Badge,
  Button,
  Checkbox,
  Group,
  Modal,
  NumberInput,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import type { Permission } from '../../../../src/model/role.ts';
import type { Answer } from '../../api.ts';
import { ago, day } from '../../parts/figures.ts';
import { Secret } from '../../parts/secret.tsx';
import { Empty, Read } from '../../parts/states.tsx';
import { Rows } from '../../parts/table.tsx';
import { useApi, useChange } from '../../query.ts';

type Token = Answer<'GET /api/tokens'>['items'][number];

const PERMISSIONS: { key: Permission; says: string }[] = [
  { key: 'card', says: 'Ask for the card on a record only: for the component in Salesforce' },
  { key: 'read', says: 'Read' },
  { key: 'edit', says: 'Edit segment sets, mapping, schedules; start runs' },
  { key: 'approve', says: 'Publish, release, undo' },
  { key: 'administer', says: 'Connections, people, privacy, settings' },
];

/** Keys for programs. */
export function Tokens() {
  const query = useApi('GET /api/tokens');
  const [isOpen, { open, close }] = useDisclosure(false);
  return (
    <Stack>
      <Group justify="space-between">
        <Text size="sm" c="dimmed" maw={480}>
          All that the screens do, a program can do with a token.{' '}
          <Anchor href="/api" size="sm" underline="always">
            The API’s page
          </Anchor>{' '}
          lists every call.
        </Text>
        <Button onClick={open}>Make a token</Button>
      </Group>
      <Read query={query}>
        {({ items }) => (
          <Rows
            name="API tokens"
            rows={items}
            keyOf={({ id }) => id}
            empty={
              <Empty title="No tokens yet">Each has rights and an end of its own, and can be revoked.</Empty>
            }
            columns={[
              {
                head: 'Name',
                cell: ({ name, createdBy }) => (
                  <>
                    {name}
                    <Text size="xs" c="dimmed">
                      made by {createdBy}
                    </Text>
                  </>
                ),
              },
              { head: 'May', cell: ({ permissions }) => permissions.join(', ') },
              { head: 'Last used', cell: ({ lastUsedAt }) => (lastUsedAt ? ago(lastUsedAt) : 'never') },
              { head: 'Works until', cell: (token) => <Until token={token} /> },
              { head: 'Change', cell: (token) => isUsable(token) && <Revoke token={token} /> },
            ]}
          />
        )}
      </Read>
      <Modal opened={isOpen} onClose={close} title="Make an API token">
        <TokenForm onDone={close} />
      </Modal>
    </Stack>
  );
}

const isUsable = ({ revokedAt, expiresAt }: Token) =>
  revokedAt === null && new Date(expiresAt).getTime() > Date.now();

function Until({ token }: { token: Token }) {
  if (token.revokedAt)
    return (
      <Badge variant="light" color="gray" tt="none">
        revoked {day(token.revokedAt)}
      </Badge>
    );
  return isUsable(token) ? (
    day(token.expiresAt)
  ) : (
    <Badge variant="light" color="gray" tt="none">
      expired {day(token.expiresAt)}
    </Badge>
  );
}

function Revoke({ token }: { token: Token }) {
  const revoke = useChange('DELETE /api/tokens/:id', { done: `${token.name} works no more.` });
  return (
    <Button
      size="compact-xs"
      variant="default"
      aria-label={`Revoke ${token.name}`}
      loading={revoke.isPending}
      onClick={() => revoke.mutate({ params: { id: token.id } })}
    >
      Revoke
    </Button>
  );
}

function TokenForm({ onDone }: { onDone: () => void }) {
  const [name, setName] = useState('');
  const [permissions, setPermissions] = useState<string[]>(['read']);
  const [days, setDays] = useState<number | string>(90);
  const make = useChange('POST /api/tokens', { quiet: true });
  if (make.data) {
    return (
      <Stack>
        <Alert color="teal" role="status">
          Copy it now: it is shown this once, and only its hash is kept. Programs send it as “Authorization:
          Bearer …”.
        </Alert>
        <Secret name="Token" value={make.data.secret} />
        <Group justify="flex-end">
          <Button onClick={onDone}>Done</Button>
        </Group>
      </Stack>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const chosen = PERMISSIONS.map(({ key }) => key).filter((key) => permissions.includes(key));
        make.mutate({ body: { name, permissions: chosen, days: Number(days) } });
      }}
    >
      <Stack>
        <TextInput
          label="Name"
          description="What it is for."
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Checkbox.Group label="What it may do" value={permissions} onChange={setPermissions}>
          <Stack gap={6} mt={6}>
            {PERMISSIONS.map(({ key, says }) => (
              <Checkbox key={key} value={key} label={says} />
            ))}
          </Stack>
        </Checkbox.Group>
        <NumberInput
          label="Days until it expires"
          min={1}
          max={366}
          allowDecimal={false}
          value={days}
          onChange={setDays}
        />
        {make.error && (
          <Alert color="red" role="alert">
            {make.error.problem.detail} {make.error.problem.action}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button type="submit" loading={make.isPending} disabled={permissions.length === 0}>
            Make it
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
