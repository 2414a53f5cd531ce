import { Card, List, Stack, Text, Title } from '@mantine/core';
import { instant } from '../../parts/figures.ts';
import { useApi } from '../../query.ts';
import { useSession } from '../../session.ts';

/** Accounts that left, with what was done there and what stays; read from the audit log, which keeps it for good. */
export function Receipts({ everyMs }: { everyMs: number }) {
  const { tenant } = useSession();
  const query = useApi(
    'GET /api/audit',
    { query: { action: 'connection.disconnected', limit: '5' } },
    { everyMs },
  );
  const receipts = query.data?.items ?? [];
  if (receipts.length === 0) return null;
  return (
    <Card withBorder component="section" aria-label="Disconnected accounts">
      <Title order={2} size="h5" mb="xs">
        Disconnected accounts
      </Title>
      <Stack gap="md">
        {receipts.map(({ id, at, actor, before, after }) => (
          <div key={id}>
            <Text size="sm" fw={600}>
              {text(before, 'name')}
            </Text>
            <Text size="xs" c="dimmed">
              {instant(at, tenant.zone)}, by {actor}; receipt {id}
            </Text>
            <Lines title="Done" lines={texts(after, 'done')} />
            <Lines title="Stays in the CRM" lines={texts(after, 'stays')} />
          </div>
        ))}
      </Stack>
    </Card>
  );
}

function Lines({ title, lines }: { title: string; lines: string[] }) {
  if (lines.length === 0) return null;
  return (
    <>
      <Text size="sm" mt={4}>
        {title}
      </Text>
      <List size="sm">
        {lines.map((line) => (
          <List.Item key={line}>{line}</List.Item>
        ))}
      </List>
    </>
  );
}

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;

const text = (value: unknown, name: string): string => String(field(value, name) ?? '');

function texts(value: unknown, name: string): string[] {
  const found = field(value, name);
  return Array.isArray(found) ? found.map(String) : [];
}
