import { Button, Card, Group, NumberInput, Progress, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { count } from '../../parts/figures.ts';
import { useChange } from '../../query.ts';
import { useMay } from '../../session.ts';
import { budgetWords, windowWords } from '../runs/run-words.tsx';
import type { Schedules } from './schedule-list.tsx';

type Connection = Schedules['connections'][number];

/** How many calls each connection may make, beside what the CRM allows. */
export function Budgets({ connections }: { connections: Connection[] }) {
  if (connections.length === 0) return null;
  return (
    <Card withBorder padding="md">
      <Text component="h2" fw={600}>
        Calls to the CRMs
      </Text>
      <Text size="sm" c="dimmed" mb="sm">
        Runs slow down before a limit is reached, and go on when there is room. At Salesforce at most a fifth
        of the org’s day is taken, and none once less than a quarter is left for everybody.
      </Text>
      <Stack gap="lg">
        {connections.map((connection) => (
          <One key={connection.id} connection={connection} />
        ))}
      </Stack>
    </Card>
  );
}

function One({ connection: { id, name, callsADay, budgets } }: { connection: Connection }) {
  const mayEdit = useMay('edit');
  const [limit, setLimit] = useState<number | string>(callsADay ?? '');
  const change = useChange('PUT /api/connections/:id/budget', {
    done: ({ callsADay: set }) =>
      set === null ? 'Only the CRM’s own limit counts.' : `At most ${count(set)} a day.`,
  });
  return (
    <Stack gap="xs">
      <Text fw={600}>{name}</Text>
      {budgets.map((budget) => (
        <div key={budget.name}>
          <Group justify="space-between">
            <Text size="sm">{budgetWords(budget.name)}</Text>
            <Text size="sm" c="dimmed">
              {count(budget.used)} of {count(budget.limit)} {windowWords(budget.windowMs)}
            </Text>
          </Group>
          <Progress
            value={(100 * budget.used) / budget.limit}
            color={budget.used / budget.limit > 0.9 ? 'orange' : 'blue'}
            aria-label={`${name}, ${budgetWords(budget.name)}: share used`}
          />
        </div>
      ))}
      {mayEdit && (
        <Group align="flex-end">
          <NumberInput
            label="Your own limit of calls a day"
            aria-label={`Your own limit of calls a day at ${name}`}
            placeholder="no limit of yours"
            min={100}
            max={10_000_000}
            thousandSeparator=","
            value={limit}
            onChange={setLimit}
            style={{ flex: '1 1 220px' }}
            maw={340}
          />
          <Button
            variant="default"
            loading={change.isPending}
            onClick={() =>
              change.mutate({ params: { id }, body: { callsADay: limit === '' ? null : Number(limit) } })
            }
          >
            Set
          </Button>
        </Group>
      )}
    </Stack>
  );
}
