import { Button, Group, List, Stack, Text, ThemeIcon } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconX } from '@tabler/icons-react';
import { ago, counted } from '../../parts/figures.ts';
import { Read } from '../../parts/states.tsx';
import { useApi } from '../../query.ts';

const LOOKS = {
  good: { color: 'teal', Icon: IconCheck, says: 'fine' },
  warning: { color: 'yellow', Icon: IconAlertTriangle, says: 'worth a look' },
  error: { color: 'red', Icon: IconX, says: 'in the way' },
};

/** Every right, property and limit that the CRM was asked about, what is wrong first, each with its mend. */
export function Checklist({ id }: { id: string }) {
  const query = useApi('GET /api/connections/:id/checks', { params: { id } });
  return (
    <Read query={query} rows={3}>
      {({ items, checkedAt }) => {
        const looked = items
          .map((item) => ({ ...item, look: item.ok ? ('good' as const) : item.level }))
          .sort((a, b) => ORDER.indexOf(a.look) - ORDER.indexOf(b.look));
        const wrong = looked.filter(({ ok }) => !ok).length;
        return (
          <Stack gap="xs">
            <Group justify="space-between">
              <Text size="sm" fw={600}>
                {wrong === 0 ? 'Nothing stands in the way' : `${counted(wrong, 'thing')} to look at`}
              </Text>
              <Group gap="xs">
                <Text size="xs" c="dimmed">
                  checked {ago(checkedAt)}
                </Text>
                <Button
                  size="compact-xs"
                  variant="default"
                  loading={query.isFetching}
                  onClick={() => void query.refetch()}
                >
                  Check again
                </Button>
              </Group>
            </Group>
            <List spacing={6} center={false} aria-label="Checklist">
              {looked.map(({ code, look, message, action, ok }) => {
                const { color, Icon, says } = LOOKS[look];
                return (
                  <List.Item
                    key={code + message}
                    icon={
                      <ThemeIcon
                        color={color}
                        size={20}
                        radius="xl"
                        variant="light"
                        role="img"
                        aria-label={says}
                      >
                        <Icon size={14} />
                      </ThemeIcon>
                    }
                  >
                    <Text size="sm">{message}</Text>
                    {!ok && action && (
                      <Text size="sm" c="dimmed">
                        {action}
                      </Text>
                    )}
                  </List.Item>
                );
              })}
            </List>
          </Stack>
        );
      }}
    </Read>
  );
}

const ORDER = ['error', 'warning', 'good'];
