import { Badge, Card, Group, Stack, Text, UnstyledButton } from '@mantine/core';
import {
  IconAlertTriangle,
  IconCalendarCheck,
  IconChevronRight,
  IconHandStop,
  IconHourglass,
  IconPlugConnectedX,
  IconTrendingDown,
  IconX,
} from '@tabler/icons-react';
import type { ComponentType } from 'react';
import { Link } from 'react-router';
import type { Answer } from '../../api.ts';
import { ago } from '../../parts/figures.ts';

type Need = Answer<'GET /api/home'>['needs'][number];

const KINDS: Record<Need['kind'], { icon: ComponentType<{ size?: number; color?: string }>; color: string }> =
  {
    connection: { icon: IconPlugConnectedX, color: 'var(--mantine-color-red-6)' },
    run: { icon: IconX, color: 'var(--mantine-color-red-6)' },
    brake: { icon: IconHandStop, color: 'var(--mantine-color-orange-6)' },
    fall: { icon: IconTrendingDown, color: 'var(--mantine-color-orange-6)' },
    refused: { icon: IconAlertTriangle, color: 'var(--mantine-color-orange-6)' },
    held: { icon: IconHourglass, color: 'var(--mantine-color-blue-6)' },
    review: { icon: IconCalendarCheck, color: 'var(--mantine-color-blue-6)' },
  };

/** What only a person can mend or decide, each a way to where that is done. */
export function Needs({ needs }: { needs: Need[] }) {
  if (needs.length === 0) return null;
  return (
    <Card withBorder padding={0} component="section" aria-label="What needs you">
      <Group px="md" py="sm" gap="xs">
        <Text component="h2" fw={600}>
          Needs you
        </Text>
        <Badge variant="light" color="orange" tt="none">
          {needs.length}
        </Badge>
      </Group>
      <Stack gap={0}>
        {needs.map(({ kind, title, detail, to, since }) => {
          const { icon: Icon, color } = KINDS[kind];
          return (
            <UnstyledButton
              component={Link}
              to={to}
              key={title + detail}
              className="row-link"
              px="md"
              py="xs"
            >
              <Group wrap="nowrap" gap="sm" align="flex-start">
                <Icon size={20} color={color} />
                <div style={{ flex: 1 }}>
                  <Group gap="xs">
                    <Text fw={600}>{title}</Text>
                    {since && (
                      <Text size="xs" c="dimmed">
                        {ago(since)}
                      </Text>
                    )}
                  </Group>
                  <Text size="sm" c="dimmed" lineClamp={2}>
                    {detail}
                  </Text>
                </div>
                <IconChevronRight size={18} />
              </Group>
            </UnstyledButton>
          );
        })}
      </Stack>
    </Card>
  );
}
