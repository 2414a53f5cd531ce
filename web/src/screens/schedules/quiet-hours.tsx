import { Button, Card, Group, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useChange } from '../../query.ts';
import { useMay } from '../../session.ts';
import type { Schedules } from './schedule-list.tsx';

/** Between these times nothing is written: a CRM's automations would mail people at night. */
export function QuietHours({ answer: { quietHours, zone } }: { answer: Schedules }) {
  const mayEdit = useMay('edit');
  const [from, setFrom] = useState(quietHours?.from ?? '22:00');
  const [to, setTo] = useState(quietHours?.to ?? '07:00');
  const change = useChange('PUT /api/quiet-hours', {
    done: ({ quietHours: set }) =>
      set ? `Nothing is written from ${set.from} to ${set.to}.` : 'There are no quiet hours now.',
  });
  return (
    <Card withBorder padding="md">
      <Text component="h2" fw={600}>
        Quiet hours
      </Text>
      <Text size="sm" c="dimmed" mb="sm">
        {quietHours
          ? `Nothing is written into a CRM from ${quietHours.from} to ${quietHours.to} (${zone}). Runs work everything out and write afterwards.`
          : 'None: runs write at any time of day, and the CRM’s automations fire then.'}
      </Text>
      {mayEdit && (
        <Group align="flex-end">
          <TextInput
            type="time"
            label="From"
            value={from}
            onChange={(event) => setFrom(event.currentTarget.value)}
          />
          <TextInput
            type="time"
            label="To"
            value={to}
            onChange={(event) => setTo(event.currentTarget.value)}
          />
          <Button
            variant="default"
            loading={change.isPending}
            onClick={() => change.mutate({ body: { quietHours: { from, to } } })}
          >
            Set
          </Button>
          {quietHours && (
            <Button variant="subtle" onClick={() => change.mutate({ body: { quietHours: null } })}>
              No quiet hours
            </Button>
          )}
        </Group>
      )}
    </Card>
  );
}
