import { Badge, Button, Group, Modal, Select, Stack, Switch, Text } from '@mantine/core';
import { useState } from 'react';
import type { Role } from '../../../../src/model/role.ts';
import type { Answer } from '../../api.ts';
import { ago } from '../../parts/figures.ts';
import { Rows } from '../../parts/table.tsx';
import { useChange } from '../../query.ts';
import { useMay, useSession } from '../../session.ts';
import { OneTimeLink } from './one-time-link.tsx';
import { ROLE_NAMES, ROLES } from './roles.ts';

type Person = Answer<'GET /api/people'>['people'][number];

/** Everybody with a role; admins change it here, each their own digest. */
export function Members({ people }: { people: Person[] }) {
  const mayAdminister = useMay('administer');
  const { name: self } = useSession();
  return (
    <Rows
      name="People"
      rows={people}
      keyOf={({ id }) => id}
      columns={[
        {
          head: 'Who',
          cell: ({ email, name }) => (
            <>
              {name || email}{' '}
              {email === self && (
                <Badge variant="light" tt="none" size="sm">
                  you
                </Badge>
              )}
              {name && (
                <Text size="xs" c="dimmed">
                  {email}
                </Text>
              )}
            </>
          ),
        },
        {
          head: 'Role',
          cell: (person) => (mayAdminister ? <RoleSelect person={person} /> : ROLE_NAMES[person.role]),
        },
        { head: 'Weekly digest', cell: (person) => <Digest person={person} isOwn={person.email === self} /> },
        { head: 'Last here', cell: ({ seenAt }) => (seenAt ? ago(seenAt) : 'not yet') },
        ...(mayAdminister ? [{ head: 'Change', cell: (person: Person) => <Actions person={person} /> }] : []),
      ]}
    />
  );
}

function RoleSelect({ person }: { person: Person }) {
  const change = useChange('PATCH /api/people/:id', {
    done: ({ email, role }) => `${email} is ${ROLE_NAMES[role]} now.`,
  });
  return (
    <Select
      aria-label={`Role of ${person.email}`}
      size="xs"
      w={130}
      allowDeselect={false}
      disabled={change.isPending}
      data={ROLES.map(({ key, name }) => ({ value: key, label: name }))}
      value={person.role}
      onChange={(role) =>
        role &&
        role !== person.role &&
        change.mutate({ params: { id: person.id }, body: { role: role as Role } })
      }
    />
  );
}

/** A person switches their own; an admin anybody's. */
function Digest({ person, isOwn }: { person: Person; isOwn: boolean }) {
  const mayAdminister = useMay('administer');
  const own = useChange('PATCH /api/session');
  const others = useChange('PATCH /api/people/:id');
  const set = (digest: boolean) =>
    isOwn ? own.mutate({ body: { digest } }) : others.mutate({ params: { id: person.id }, body: { digest } });
  return (
    <Switch
      aria-label={`Weekly digest of ${person.email}`}
      checked={person.digest}
      disabled={(!isOwn && !mayAdminister) || own.isPending || others.isPending}
      onChange={(event) => set(event.currentTarget.checked)}
    />
  );
}

function Actions({ person }: { person: Person }) {
  const [dialog, setDialog] = useState<'link' | 'remove' | null>(null);
  const close = () => setDialog(null);
  const link = useChange('POST /api/people/:id/sign-in-link', { onDone: () => setDialog('link') });
  const remove = useChange('DELETE /api/people/:id', {
    done: `${person.email} is out, and signed out everywhere.`,
    onDone: close,
  });
  return (
    <Group gap={4} wrap="nowrap">
      <Button
        size="compact-xs"
        variant="default"
        aria-label={`Sign-in link for ${person.email}`}
        loading={link.isPending}
        onClick={() => link.mutate({ params: { id: person.id } })}
      >
        Sign-in link
      </Button>
      <Button
        size="compact-xs"
        variant="subtle"
        color="red"
        aria-label={`Remove ${person.email}`}
        onClick={() => setDialog('remove')}
      >
        Remove
      </Button>
      <Modal opened={dialog === 'link'} onClose={close} title="A link to sign in">
        {link.data && <OneTimeLink made={link.data} email={person.email} onDone={close} />}
      </Modal>
      <Modal opened={dialog === 'remove'} onClose={close} title={`Remove ${person.email}`}>
        <Stack>
          <Text size="sm">
            They are signed out at once and can’t come back without an invitation. What they made stays, with
            their name in the log.
          </Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Keep
            </Button>
            <Button
              color="red"
              loading={remove.isPending}
              onClick={() => remove.mutate({ params: { id: person.id } })}
            >
              Remove
            </Button>
          </Group>
        </Stack>
      </Modal>
    </Group>
  );
}
