import { Anchor, Badge, Card, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconPlugOff } from '@tabler/icons-react';
import { Link } from 'react-router';
import type { Answer } from '../../api.ts';

type Connection = Answer<'GET /api/home'>['connections'][number];

const STATES = {
  connected: { icon: IconCircleCheck, color: 'var(--mantine-color-teal-6)', name: 'connected' },
  needs_you: { icon: IconAlertTriangle, color: 'var(--mantine-color-red-6)', name: 'needs you' },
  disconnected: { icon: IconPlugOff, color: 'var(--mantine-color-gray-6)', name: 'disconnected' },
} as const;

const SYSTEMS: Record<string, string> = { hubspot: 'HubSpot', salesforce: 'Salesforce', csv: 'CSV folder' };

export function Connections({ connections }: { connections: Connection[] }) {
  return (
    <Card withBorder padding="md">
      <Group justify="space-between" mb="sm">
        <Text component="h2" fw={600}>
          Connections
        </Text>
        <Anchor component={Link} to="/connections" size="sm">
          All connections
        </Anchor>
      </Group>

      <Stack gap="xs">
        {connections.map(({ id, name, system, mode, state, reason }) => {
          const { icon: Icon, color, name: word } = STATES[state];
          return (
            <Group key={id} gap="sm" wrap="nowrap" align="flex-start">
              <Icon size={20} color={color} aria-label={word} />
              <div>
                <Group gap="xs">
                  <Text fw={600}>{name}</Text>
                  <Text size="sm" c="dimmed">
                    {SYSTEMS[system] ?? system}
                  </Text>
                  {mode === 'test' && (
                    <Badge size="sm" variant="outline" tt="none">
                      test
                    </Badge>
                  )}
                </Group>
                {reason && (
                  <Text size="sm">
                    {reason.message} {reason.action}
                  </Text>
                )}
              </div>
            </Group>
          );
        })}
      </Stack>
    </Card>
  );
}
