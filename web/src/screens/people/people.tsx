import { Button, Card, Modal, Stack, Table, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconCheck, IconUserPlus } from '@tabler/icons-react';
import type { Answer } from '../../api.ts';
import { day } from '../../parts/figures.ts';
import { Page } from '../../parts/page.tsx';
import { Read } from '../../parts/states.tsx';
import { Rows } from '../../parts/table.tsx';
import { useApi, useChange } from '../../query.ts';
import { useMay } from '../../session.ts';
import { InviteForm } from './invite-form.tsx';
import { Members } from './members.tsx';
import { ROLE_NAMES, ROLES } from './roles.ts';

/** Who may sign in and what they may do. */
export default function People() {
  const query = useApi('GET /api/people');
  const mayAdminister = useMay('administer');
  const [isOpen, { open, close }] = useDisclosure(false);
  return (
    <Page
      title="People and roles"
      lead="Roles are given here; what somebody may do in a CRM gives none."
      actions={
        mayAdminister && (
          <Button leftSection={<IconUserPlus size={16} />} onClick={open}>
            Invite
          </Button>
        )
      }
    >
      <Read query={query}>
        {({ people, invitations }) => (
          <Stack>
            <Members people={people} />
            {invitations.length > 0 && <Invitations invitations={invitations} />}
            <RoleTable />
          </Stack>
        )}
      </Read>
      <Modal opened={isOpen} onClose={close} title="Invite somebody">
        <InviteForm onDone={close} />
      </Modal>
    </Page>
  );
}

function Invitations({ invitations }: { invitations: Answer<'GET /api/people'>['invitations'] }) {
  const mayAdminister = useMay('administer');
  const revoke = useChange('DELETE /api/invitations/:id', { done: 'The invitation works no more.' });
  return (
    <Card withBorder component="section" aria-label="Invited">
      <Title order={2} size="h5" mb="xs">
        Invited, not here yet
      </Title>
      <Rows
        name="Invitations"
        rows={invitations}
        keyOf={({ id }) => id}
        columns={[
          { head: 'E-mail', cell: ({ email }) => email },
          { head: 'Role', cell: ({ role }) => ROLE_NAMES[role] },
          { head: 'Invited by', cell: ({ createdBy, createdAt }) => `${createdBy}, ${day(createdAt)}` },
          { head: 'Works until', cell: ({ expiresAt }) => day(expiresAt) },
          ...(mayAdminister
            ? [
                {
                  head: 'Change',
                  cell: ({ id, email }: (typeof invitations)[number]) => (
                    <Button
                      size="compact-xs"
                      variant="default"
                      aria-label={`Take back the invitation of ${email}`}
                      loading={revoke.isPending && revoke.variables.params.id === id}
                      onClick={() => revoke.mutate({ params: { id } })}
                    >
                      Take back
                    </Button>
                  ),
                },
              ]
            : []),
        ]}
      />
    </Card>
  );
}

/** What each role may do, in a table rather than in a manual. */
function RoleTable() {
  return (
    <Card withBorder component="section" aria-label="Roles">
      <Title order={2} size="h5" mb="xs">
        What each role may do
      </Title>
      <Table.ScrollContainer
        className="roles"
        minWidth={0}
        scrollAreaProps={{ viewportProps: { tabIndex: 0, role: 'region', 'aria-label': 'Roles' } }}
      >
        <Table aria-label="What each role may do" verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>May</Table.Th>
              {ROLES.map(({ name }) => (
                <Table.Th key={name} ta="center">
                  {name}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {RIGHTS.map(({ permission, says }) => (
              <Table.Tr key={permission}>
                <Table.Th scope="row" fw={400}>
                  {says}
                </Table.Th>
                {ROLES.map(({ name, permissions }) => (
                  <Table.Td key={name} ta="center">
                    {permissions.includes(permission) ? (
                      <IconCheck size={18} role="img" aria-label="yes" />
                    ) : (
                      <Text span size="sm" c="dimmed" aria-label="no" role="img">
                        –
                      </Text>
                    )}
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Card>
  );
}

const RIGHTS = [
  { permission: 'read', says: 'See customers, segments, runs and figures; viewers without money' },
  { permission: 'edit', says: 'Change segment sets, mapping and schedules, start runs' },
  { permission: 'approve', says: 'Publish, release and undo: what reaches a CRM' },
  { permission: 'administer', says: 'Connections, people, tokens, privacy and settings' },
] as const;
