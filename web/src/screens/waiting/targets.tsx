import { Alert, Badge, Button, Card, Group, Stack, Text } from '@mantine/core';
import { IconEye } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'react-router';
import type { Answer } from '../../api.ts';
import { ago, count, counted } from '../../parts/figures.ts';
import { Empty, Way } from '../../parts/states.tsx';
import { Rows } from '../../parts/table.tsx';
import { useChange } from '../../query.ts';
import { useMay } from '../../session.ts';
import { Bundle } from './bundle.tsx';
import { Release } from './release.tsx';
import { TargetWrites } from './target-writes.tsx';

type Waiting = Answer<'GET /api/waiting'>;
export type Target = Waiting['targets'][number];

const OBJECTS: Record<Target['object'], string> = {
  contact: 'on contacts',
  company: 'on companies',
  deal: 'on deals',
};

/** In the order in which people should look. */
const GROUPS: { why: Target['why']; title: string; text: string; color: string }[] = [
  {
    why: 'brake',
    title: 'Stopped by a brake',
    text: 'A push would have done something unusual.',
    color: 'orange',
  },
  {
    why: 'needs_you',
    title: 'Needs something in the CRM',
    text: 'It goes on by itself once that is there.',
    color: 'red',
  },
  { why: 'new', title: 'To look at', text: 'New, or changed since somebody looked.', color: 'blue' },
  {
    why: 'by_hand',
    title: 'Held or paused by somebody',
    text: 'It goes on when it is released.',
    color: 'gray',
  },
  { why: 'undone', title: 'Taken back', text: 'Paused, so that it is not written again.', color: 'gray' },
];

export function Targets({ waiting }: { waiting: Waiting }) {
  const [looked, setLooked] = useState<Target | null>(null);
  const [released, setReleased] = useState<Target[] | null>(null);
  const mayRelease = useMay('approve');
  const targets = waiting.targets.filter(({ why }) => why !== 'live');
  if (targets.length === 0) {
    return (
      <Empty
        title="Nothing waits"
        action={waiting.targets.length === 0 && <Way to="/">See the first steps</Way>}
      >
        {waiting.targets.length > 0
          ? `All ${counted(waiting.targets.length, 'target')} are live: each run writes what differs.`
          : 'Once a CRM is connected and a segment set is published, what would be written waits here.'}
      </Empty>
    );
  }
  const held = targets.filter(({ state }) => state === 'held');
  return (
    <Stack>
      {waiting.runId && (
        <Alert color="blue">
          <Link to={`/runs/${waiting.runId}`}>Run {waiting.runId}</Link> is under way: these figures change
          until it ends.
        </Alert>
      )}
      {mayRelease && held.length > 1 && (
        <Group justify="flex-end">
          <Button onClick={() => setReleased(held)}>Release all {count(held.length)} that are held…</Button>
        </Group>
      )}
      {GROUPS.map(({ why, title, text, color }) => {
        const group = targets.filter((target) => target.why === why);
        if (group.length === 0) return null;
        return (
          <Card withBorder padding="md" key={why} component="section" aria-label={title}>
            <Group gap="xs">
              <Text component="h2" fw={600}>
                {title}
              </Text>
              <Badge color={color} variant="light" tt="none">
                {group.length}
              </Badge>
            </Group>
            <Text size="sm" c="dimmed" mb="xs">
              {text}
            </Text>
            <Reasons targets={group} color={color} />
            <TargetTable
              name={title}
              targets={group}
              look={setLooked}
              release={(one) => setReleased([one])}
            />
          </Card>
        );
      })}
      {looked && (
        <TargetWrites
          target={looked}
          close={() => setLooked(null)}
          {...(mayRelease && {
            release: () => {
              setLooked(null);
              setReleased([looked]);
            },
          })}
        />
      )}
      {released && (
        <Release targets={released} isCounting={waiting.isCounting} close={() => setReleased(null)} />
      )}
    </Stack>
  );
}

/** Each reason once, however many targets it stopped. */
function Reasons({ targets, color }: { targets: Target[]; color: string }) {
  const groups = Map.groupBy(
    targets.filter(({ reason, why }) => reason !== null && why !== 'new'),
    ({ reason }) => `${reason?.message}`,
  );
  return [...groups].map(([message, group]) => {
    const reason = group[0]?.reason;
    const bundle = group.find((one) => one.bundle !== null)?.bundle;
    return (
      <Alert key={message} color={color} mb="xs" title={message}>
        <Text size="sm">
          {reason?.action} Since {ago(reason?.since ?? '')}
          {reason?.by && `, by ${reason.by}`}.
        </Text>
        {bundle && <Bundle files={bundle} />}
      </Alert>
    );
  });
}

function TargetTable({
  name,
  targets,
  look,
  release,
}: {
  name: string;
  targets: Target[];
  look: (target: Target) => void;
  release: (target: Target) => void;
}) {
  const mayRelease = useMay('approve');
  const pause = useChange('POST /api/targets/stop', { done: 'Paused until somebody releases it.' });
  return (
    <Rows
      name={name}
      rows={targets}
      keyOf={({ id }) => id}
      columns={[
        {
          head: 'What',
          cell: ({ what, state }) => (
            <Group gap="xs">
              {what}
              {state === 'paused' && (
                <Badge size="sm" color="gray" variant="light" tt="none">
                  paused
                </Badge>
              )}
            </Group>
          ),
        },
        {
          head: 'Where',
          cell: ({ connection, object }) => (
            <div>
              {connection}
              <Text size="xs" c="dimmed">
                {OBJECTS[object]}
              </Text>
            </div>
          ),
        },
        {
          head: 'Would write',
          isNumber: true,
          cell: ({ writes, filledByCrm }) => (filledByCrm ? 'by the CRM' : count(writes)),
        },
        {
          head: 'Replacing a value',
          isNumber: true,
          cell: ({ changes, filledByCrm }) => (filledByCrm ? '' : count(changes)),
        },
        {
          head: '',
          cell: (target) => (
            <Group gap={6} wrap="nowrap" justify="flex-end">
              {!target.filledByCrm && (
                <Button
                  size="compact-xs"
                  variant="subtle"
                  leftSection={<IconEye size={14} />}
                  onClick={() => look(target)}
                  aria-label={`See each value: ${target.what} in ${target.connection}`}
                >
                  See
                </Button>
              )}
              {mayRelease && target.state !== 'live' && (
                <Button
                  size="compact-xs"
                  onClick={() => release(target)}
                  aria-label={`Release ${target.what} in ${target.connection}`}
                >
                  Release
                </Button>
              )}
              {mayRelease && target.state === 'held' && (
                <Button
                  size="compact-xs"
                  variant="default"
                  onClick={() => pause.mutate({ body: { targets: [target.id], state: 'paused' } })}
                  aria-label={`Pause ${target.what} in ${target.connection}`}
                >
                  Pause
                </Button>
              )}
            </Group>
          ),
        },
      ]}
    />
  );
}
