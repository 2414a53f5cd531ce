import { Alert, Button, Center, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
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

/** Something did not work: what, what is safe, what to do, in the server's words. */
export function Failed({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const problem = error instanceof ApiError ? error.problem : undefined;
  return (
    <Alert
      color="red"
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
          <Button size="xs" variant="default" component={Link} to="/">
            Go to Home
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
