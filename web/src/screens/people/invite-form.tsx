import { Alert, Button, Group, Select, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Role } from '../../../../src/model/role.ts';
import { useChange } from '../../query.ts';
import { OneTimeLink } from './one-time-link.tsx';
import { ROLE_CHOICES } from './roles.ts';

/** By a link that works once; mailed where a mail server is set, else passed on by hand. */
export function InviteForm({ onDone }: { onDone: () => void }) {
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const invite = useChange('POST /api/invitations', { quiet: true });
  if (invite.data) return <OneTimeLink made={invite.data} email={email} onDone={onDone} />;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        invite.mutate({ body: { email, role } });
      }}
    >
      <Stack>
        <TextInput
          label="E-mail"
          type="email"
          required
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <Select
          label="Role"
          allowDeselect={false}
          data={ROLE_CHOICES}
          value={role}
          onChange={(value) => setRole((value as Role | null) ?? 'viewer')}
        />
        {invite.error && (
          <Alert color="red" role="alert">
            {invite.error.problem.detail} {invite.error.problem.action}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button type="submit" loading={invite.isPending}>
            Invite
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
