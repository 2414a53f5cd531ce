import { Anchor, Card, Group, Progress, Stack, Text } from '@mantine/core';
import { Link } from 'react-router';
import type { Answer } from '../../api.ts';
import { ago, counted, instant } from '../../parts/figures.ts';
import { useSession } from '../../session.ts';
import { RunState, STAGES, stageName } from '../runs/run-words.tsx';

/** The run under way, the last one, and when the next begins. */
export function RunsCard({ home }: { home: Answer<'GET /api/home'> }) {
  const { tenant } = useSession();
  const { active, last, nextRun, hasSchedule } = home;
  return (
    <Card withBorder padding="md">
      <Group justify="space-between" mb="sm">
        <Text component="h2" fw={600}>
          Runs
        </Text>
        <Anchor component={Link} to="/runs" size="sm">
          All runs
        </Anchor>
      </Group>
      <Stack gap="sm">
        {active && (
          <div>
            <Group gap="xs">
              <Anchor component={Link} to={`/runs/${active.id}`} fw={500}>
                Run {active.id}
              </Anchor>
              <RunState run={active} />
              <Text size="sm">{stageName(active.stage)}</Text>
            </Group>
            <Progress
              mt={6}
              animated
              value={(100 * (STAGES.findIndex(({ key }) => key === active.stage) + 0.5)) / STAGES.length}
              aria-label="How far the run is"
            />
          </div>
        )}
        {last && (
          <Group gap="xs">
            <Text size="sm" c="dimmed" w={44}>
              Last
            </Text>
            <Anchor component={Link} to={`/runs/${last.id}`}>
              Run {last.id}
            </Anchor>
            <RunState run={last} />
            <Text size="sm">
              {ago(last.endedAt ?? last.requestedAt)}, {counted(last.written, 'write')}
              {last.refused > 0 && `, ${counted(last.refused, 'refusal')}`}
            </Text>
          </Group>
        )}
        {!active && !last && <Text size="sm">There was no run yet.</Text>}
        <Group gap="xs">
          <Text size="sm" c="dimmed" w={44}>
            Next
          </Text>
          {nextRun ? (
            <Text size="sm">
              {ago(nextRun)} ({instant(nextRun, tenant.zone)})
            </Text>
          ) : (
            <Anchor component={Link} to="/schedules" size="sm">
              {hasSchedule ? 'All schedules are paused' : 'Set a schedule: runs start by hand until then'}
            </Anchor>
          )}
        </Group>
      </Stack>
    </Card>
  );
}
