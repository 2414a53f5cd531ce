import { Badge, Button, Card, Group, List, Stack, Text } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import type { Answer } from '../../api.ts';
import { ago, instant } from '../../parts/figures.ts';
import { Empty } from '../../parts/states.tsx';
import { useChange } from '../../query.ts';
import { useMay } from '../../session.ts';
import { ScheduleForm } from './schedule-form.tsx';

export type Schedules = Answer<'GET /api/schedules'>;
export type Schedule = Schedules['schedules'][number];

export function ScheduleList({ answer: { schedules, zone } }: { answer: Schedules }) {
  const mayEdit = useMay('edit');
  const [edited, setEdited] = useState<Schedule | 'new' | null>(null);
  return (
    <Card withBorder padding="md">
      <Group justify="space-between" mb="sm">
        <Text component="h2" fw={600}>
          When runs start
        </Text>
        {mayEdit && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconPlus size={14} />}
            onClick={() => setEdited('new')}
          >
            Add a schedule
          </Button>
        )}
      </Group>
      {schedules.length === 0 && (
        <Empty title="No schedule yet">
          Runs start by hand until there is one. Once a day is a good beginning.
        </Empty>
      )}
      <Stack>
        {schedules.map((schedule) => (
          <One key={schedule.id} schedule={schedule} zone={zone} edit={() => setEdited(schedule)} />
        ))}
      </Stack>
      {edited && (
        <ScheduleForm
          schedule={edited === 'new' ? null : edited}
          taken={schedules.map(({ id }) => id)}
          zone={zone}
          close={() => setEdited(null)}
        />
      )}
    </Card>
  );
}

function One({ schedule, zone, edit }: { schedule: Schedule; zone: string; edit: () => void }) {
  const { id, timing, words, paused, next } = schedule;
  const mayEdit = useMay('edit');
  const put = useChange('PUT /api/schedules/:id', {
    done: ({ paused: isPaused }) => (isPaused ? 'Paused.' : 'It fires again.'),
  });
  const remove = useChange('DELETE /api/schedules/:id', { done: 'Removed.' });
  return (
    <Group justify="space-between" align="flex-start">
      <div style={{ flex: '1 1 260px' }}>
        <Group gap="xs">
          <Text fw={500}>{words}</Text>
          {paused && (
            <Badge color="gray" variant="light" tt="none">
              paused
            </Badge>
          )}
        </Group>
        <Text size="xs" c="dimmed">
          {id}
          {'cron' in timing && `: ${timing.cron}`}
        </Text>
        {!paused && (
          <List size="sm" mt={4} aria-label="The next five times">
            {next.map((time, i) => (
              <List.Item key={time}>
                {instant(time, 'zone' in timing ? timing.zone : zone)} {i === 0 && `(${ago(time)})`}
              </List.Item>
            ))}
          </List>
        )}
      </div>
      {mayEdit && (
        <Group gap="xs">
          <Button size="xs" variant="default" onClick={edit} aria-label={`Change ${id}`}>
            Change
          </Button>
          <Button
            size="xs"
            variant="default"
            loading={put.isPending}
            onClick={() => put.mutate({ params: { id }, body: { timing, paused: !paused } })}
            aria-label={`${paused ? 'Resume' : 'Pause'} ${id}`}
          >
            {paused ? 'Resume' : 'Pause'}
          </Button>
          <Button
            size="xs"
            variant="subtle"
            color="red"
            loading={remove.isPending}
            onClick={() => remove.mutate({ params: { id } })}
            aria-label={`Remove ${id}`}
          >
            Remove
          </Button>
        </Group>
      )}
    </Group>
  );
}
