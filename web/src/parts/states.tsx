import { Alert, Button, Center, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Link, useLocation } from 'react-router';
import { ApiError } from '../api.ts';

/** The shape of a screen before its figures are there. */
export function Loading({ rows = 5 }: { rows?: number }) {
  return (
    <Stack gap="sm" p="md" role="status" aria-label="Loading">
      <Skeleton height={28} width="40%" />
      {Array.from({ length: rows }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: nothing but their place tells them apart
        <Skeleton key={index} height={18} />
      ))}
    </Stack>
  );
}

/** From what does not exist to the list of those that do, by the first part of the address. */
const WAYS: Record<string, { to: string; says: string }> = {
  runs: { to: '/runs', says: 'See the runs' },
  'segment-sets': { to: '/segment-sets', says: 'See the segment sets' },
  segments: { to: '/segment-sets', says: 'See the segment sets' },
  customers: { to: '/customers', says: 'Search customers' },
  records: { to: '/customers', says: 'Search customers' },
};

/** Something did not work: what, what is safe, what to do, in the server's words. */
export function Failed({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const problem = error instanceof ApiError ? error.problem : undefined;
  const { pathname } = useLocation();
  const way = WAYS[pathname.split('/')[1] ?? ''] ?? { to: '/', says: 'Go to Home' };
  return (
    <Alert
      color={problem?.status === 404 ? 'gray' : 'red'}
      icon={<IconAlertTriangle />}
      title={problem?.title ?? 'This screen failed'}
      m="md"
      role="alert"
    >
      <Text size="sm">{problem?.detail ?? 'The page has a fault. Nothing was changed.'}</Text>
      <Text size="sm">{problem?.action ?? 'Load it again; if it stays, report it.'}</Text>
      {problem?.issues?.map(({ path, message }) => (
        <Text size="sm" key={path + message}>
          <strong>{path}</strong>: {message}
        </Text>
      ))}
      {problem?.status === 404 ? (
        <Group mt="sm">
          <Button size="xs" variant="default" component={Link} to={way.to}>
            {way.says}
          </Button>
        </Group>
      ) : (
        onRetry && (
          <Group mt="sm">
            <Button size="xs" variant="default" onClick={onRetry}>
              Try again
            </Button>
          </Group>
        )
      )}
    </Alert>
  );
}

/** Nothing can be there before a CRM is connected. */
export function NoCrm({ children }: { children?: ReactNode }) {
  return (
    <Empty title="No CRM is connected yet" action={<Way to="/connections">Connect a CRM</Way>}>
      {children}
    </Empty>
  );
}

/** There is nothing yet: why, and the way to something. */
export function Empty({
  title,
  children,
  action,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <Center p="xl">
      <Stack align="center" gap="xs" maw={480} ta="center">
        <Title order={2} size="h4">
          {title}
        </Title>
        {children && (
          <Text c="dimmed" size="sm" component="div">
            {children}
          </Text>
        )}
        {action}
      </Stack>
    </Center>
  );
}

/** The button under what is empty. */
export function Way({ to, children }: { to: string; children: ReactNode }) {
  return (
    <Button component={Link} to={to} mt="xs">
      {children}
    </Button>
  );
}

type Query<T> = { data: T | undefined; error: unknown; isPending: boolean; refetch: () => unknown };

/** Draws what was read, or why it is not there. */
export function Read<T>({
  query,
  children,
  rows,
}: {
  query: Query<T>;
  children: (data: T) => ReactNode;
  rows?: number;
}) {
  if (query.data !== undefined) return children(query.data);
  if (query.isPending) return <Loading rows={rows ?? 5} />;
  return <Failed error={query.error} onRetry={() => void query.refetch()} />;
}
