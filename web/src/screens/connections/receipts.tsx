import { Card, List, Stack, Text, Title } from '@mantine/core';
import { instant } from '../../parts/figures.ts';
import { useApi } from '../../query.ts';
import { useSession } from '../../session.ts';

const SHOWN = 5;

/** Accounts that left, newest first, with what was done and what stays in the CRM. */
export function Receipts() {
  const { tenant } = useSession();
  const query = useApi('GET /api/receipts');
  const receipts = query.data?.items.slice(0, SHOWN) ?? [];
  if (receipts.length === 0) return null;
  return (
    <Card withBorder component="section" aria-label="Disconnected accounts">
      <Title order={2} size="h5" mb="xs">
        Disconnected accounts
      </Title>
      <Stack gap="md">
        {receipts.map(({ id, name, at, by, done, stays }) => (
          <div key={id}>
            <Text size="sm" fw={600}>
              {name}
            </Text>
            <Text size="xs" c="dimmed">
              {instant(at, tenant.zone)}, by {by}; receipt {id}
            </Text>
            <Lines title="Done" lines={done} />
            <Lines title="Stays in the CRM" lines={stays} />
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
