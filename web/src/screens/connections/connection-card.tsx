import {
  Alert,
  Anchor,
  Badge,
  Button,
  Card,
  Collapse,
  Group,
  Modal,
  SimpleGrid,
  Stack,
  Text,
  Title,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { Link } from 'react-router';
import { ago, count, instant } from '../../parts/figures.ts';
import { useChange } from '../../query.ts';
import { useMay, useSession } from '../../session.ts';
import { Checklist } from './checklist.tsx';
import type { Connection } from './connections.tsx';
import { DisconnectForm } from './disconnect-form.tsx';
import { EditForm } from './edit-form.tsx';

const STATES = {
  connected: { color: 'teal', says: 'connected' },
  needs_you: { color: 'orange', says: 'needs you' },
  disconnected: { color: 'gray', says: 'on its way out' },
};

const SILENT = { color: 'orange', says: 'can’t be reached' };

/** One account: its health in figures, the checklist on demand, and what can be done with it. */
export function ConnectionCard({ connection, isFresh }: { connection: Connection; isFresh: boolean }) {
  const [isChecked, { toggle }] = useDisclosure(isFresh);
  const [dialog, setDialog] = useState<'edit' | 'disconnect' | null>(null);
  const mayAdminister = useMay('administer');
  const mayEdit = useMay('edit');
  const { tenant } = useSession();
  const isSilent = connection.state === 'connected' && connection.reason?.code === 'unreachable';
  const { color, says } = isSilent ? SILENT : STATES[connection.state];
  const close = () => setDialog(null);
  return (
    <Card withBorder padding="md" component="section" aria-label={connection.name}>
      <Stack gap="sm">
        <Group justify="space-between" align="flex-start" wrap="nowrap">
          <div>
            <Title order={2} size="h4">
              {connection.name}
            </Title>
            <Text size="sm" c="dimmed">
              {connection.systemName} {connection.accountId}
            </Text>
          </div>
          <Group gap={6} justify="flex-end" wrap="nowrap" style={{ flexShrink: 0 }}>
            {connection.mode === 'test' && (
              <Badge variant="light" color="grape" tt="none">
                test
              </Badge>
            )}
            <Badge variant="light" color={color} tt="none">
              {says}
            </Badge>
          </Group>
        </Group>
        {connection.reason && (
          <Alert color={connection.state === 'needs_you' || isSilent ? 'orange' : 'gray'}>
            <Text size="sm">{connection.reason.message}</Text>
            <Text size="sm">{connection.reason.action}</Text>
            <Text size="xs" c="dimmed">
              since {instant(connection.reason.since, tenant.zone)}
            </Text>
          </Alert>
        )}
        <Health connection={connection} />
        <Group gap="xs">
          {mayEdit && connection.state !== 'disconnected' && (
            <Button size="xs" variant="default" onClick={toggle} aria-expanded={isChecked}>
              {isChecked ? 'Hide the checklist' : 'Checklist'}
            </Button>
          )}
          {mayAdminister && connection.state !== 'disconnected' && (
            <>
              <Reconnect connection={connection} />
              <Button size="xs" variant="default" onClick={() => setDialog('edit')}>
                Edit
              </Button>
            </>
          )}
          {mayAdminister && connection.reason?.code !== 'disconnecting' && (
            <Button size="xs" variant="subtle" color="red" onClick={() => setDialog('disconnect')}>
              Disconnect
            </Button>
          )}
        </Group>
        {mayEdit && <Collapse expanded={isChecked}>{isChecked && <Checklist id={connection.id} />}</Collapse>}
      </Stack>
      <Modal opened={dialog === 'edit'} onClose={close} title={`Edit ${connection.name}`}>
        <EditForm connection={connection} onDone={close} />
      </Modal>
      <Modal
        opened={dialog === 'disconnect'}
        onClose={close}
        title={`Disconnect ${connection.name}`}
        size="lg"
      >
        <DisconnectForm connection={connection} onDone={close} />
      </Modal>
    </Card>
  );
}

function Health({ connection }: { connection: Connection }) {
  const { lastPullAt, lastWriteAt, mapped, problems, live, held, paused } = connection;
  const figures: [string, React.ReactNode][] = [
    ['Last read', lastPullAt ? ago(lastPullAt) : 'not yet'],
    ['Last written', lastWriteAt ? ago(lastWriteAt) : 'not yet'],
    [
      'Attributes read',
      <Anchor key="mapping" component={Link} to={`/mapping?connection=${connection.id}`} size="sm">
        {problems === 0 ? count(mapped) : `${count(mapped)}, ${count(problems)} with a problem`}
      </Anchor>,
    ],
    [
      'Written to',
      live + held + paused === 0 ? (
        'nothing yet'
      ) : (
        <Anchor key="waiting" component={Link} to="/waiting" size="sm">
          {[
            live > 0 && `${count(live)} live`,
            held > 0 && `${count(held)} waiting`,
            paused > 0 && `${count(paused)} paused`,
          ]
            .filter(Boolean)
            .join(', ')}
        </Anchor>
      ),
    ],
  ];
  return (
    <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="xs">
      {figures.map(([name, value]) => (
        <div key={name}>
          <Text size="xs" c="dimmed">
            {name}
          </Text>
          <Text size="sm" component="div">
            {value}
          </Text>
        </div>
      ))}
    </SimpleGrid>
  );
}

/** Again through the CRM's own page; nothing that was read or written is lost. */
function Reconnect({ connection }: { connection: Connection }) {
  const begin = useChange('POST /api/connections/:system/authorize', {
    onDone: ({ url }) => window.location.assign(url),
  });
  if (connection.system === 'csv') return null;
  return (
    <Button
      size="xs"
      variant={connection.state === 'needs_you' ? 'filled' : 'default'}
      loading={begin.isPending}
      onClick={() =>
        begin.mutate({ params: { system: connection.system }, body: { connectionId: connection.id } })
      }
    >
      Reconnect
    </Button>
  );
}
