import {
  Alert,
  Anchor,
  Badge,
  Button,
  Card,
  Group,
  Progress,
  SimpleGrid,
  Stack,
  Tabs,
  Text,
  Timeline,
} from '@mantine/core';
import { IconArrowBackUp, IconCheck, IconDownload, IconPlayerStop } from '@tabler/icons-react';
import { useState } from 'react';
import { Link, useParams } from 'react-router';
import { countWords } from '../../../../src/model/count-words.ts';
import { type Answer, addressOf } from '../../api.ts';
import { ago, count, instant } from '../../parts/figures.ts';
import { Page } from '../../parts/page.tsx';
import { Read } from '../../parts/states.tsx';
import { useApi, useChange } from '../../query.ts';
import { useMay, useSession } from '../../session.ts';
import { Refused } from './refused.tsx';
import { beganBy, budgetWords, RunState, STAGES, stageName, took, windowWords } from './run-words.tsx';
import { Undo, UndoProgress } from './undo.tsx';
import { RunWrites } from './writes.tsx';

type Seen = Answer<'GET /api/runs/:id'>;

/** Taking back is no run, so that no event tells of it. */
const UNDO_MS = 1_000;

/** One run, live while it is under way. */
export default function RunScreen() {
  const { id = '' } = useParams();
  const [undoes, setUndoes] = useState(false);
  const query = useApi('GET /api/runs/:id', { params: { id } }, undoes ? { everyMs: UNDO_MS } : {});
  const now = query.data?.undos.some(({ endedAt }) => endedAt === null) ?? false;
  if (now !== undoes) setUndoes(now);
  return <Read query={query}>{(seen) => <Shown seen={seen} />}</Read>;
}

function Shown({ seen }: { seen: Seen }) {
  const { tenant } = useSession();
  const { run } = seen;
  return (
    <Page
      title={`Run ${run.id}`}
      lead={
        <Group gap="xs">
          <RunState run={run} />
          {run.dryRun && (
            <Badge variant="outline" tt="none">
              dry: writes nothing
            </Badge>
          )}
          <span>
            {instant(run.requestedAt, tenant.zone)}, by {beganBy(run.requestedBy)}
            {run.endedAt && `, took ${took(run.requestedAt, run.endedAt)}`}
          </span>
        </Group>
      }
      actions={<Actions seen={seen} />}
    >
      <div aria-live="polite">
        <Headline seen={seen} />
      </div>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Card withBorder padding="md">
          <Text component="h2" fw={600} mb="sm">
            Stages
          </Text>
          <Stages seen={seen} />
        </Card>
        <Card withBorder padding="md">
          <Text component="h2" fw={600} mb="sm">
            Calls
          </Text>
          <Calls seen={seen} />
        </Card>
      </SimpleGrid>
      {seen.undos.map((undo) => (
        <UndoProgress key={undo.id} undo={undo} />
      ))}
      <Tabs defaultValue="writes" keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="writes">What it wrote</Tabs.Tab>
          <Tabs.Tab value="refused">Refused{run.refused > 0 && ` (${count(run.refused)})`}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="writes" pt="sm">
          <RunWrites run={run} />
        </Tabs.Panel>
        <Tabs.Panel value="refused" pt="sm">
          <Refused run={run.id} refused={run.refused} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function Actions({ seen: { run } }: { seen: Seen }) {
  const cancel = useChange('POST /api/runs/:id/cancel', { done: 'It stops at its next safe point.' });
  const mayEdit = useMay('edit');
  const mayUndo = useMay('approve');
  const [asks, setAsks] = useState(false);
  return (
    <>
      {run.endedAt === null && mayEdit && (
        <Button
          variant="default"
          leftSection={<IconPlayerStop size={16} />}
          loading={cancel.isPending}
          disabled={run.cancelRequested}
          onClick={() => cancel.mutate({ params: { id: run.id } })}
        >
          Stop
        </Button>
      )}
      {run.written > 0 && (
        <Button
          component="a"
          variant="default"
          leftSection={<IconDownload size={16} />}
          href={addressOf('GET /api/runs/:id/writes.csv', { params: { id: run.id } })}
          download
        >
          Download
        </Button>
      )}
      {run.endedAt !== null && run.written > 0 && mayUndo && (
        <Button
          variant="default"
          color="red"
          leftSection={<IconArrowBackUp size={16} />}
          onClick={() => setAsks(true)}
        >
          Undo…
        </Button>
      )}
      {asks && <Undo request={{ runId: run.id }} name={`run ${run.id}`} close={() => setAsks(false)} />}
    </>
  );
}

/** In one sentence how it stands, and what a person should do. */
function Headline({ seen: { run } }: { seen: Seen }) {
  if (run.state === 'failed')
    return (
      <Alert color="red" title="The run failed">
        {run.reason?.message} {run.reason?.action}
      </Alert>
    );
  if (run.state === 'waiting')
    return (
      <Alert color="yellow" title={run.notBefore ? `It goes on ${ago(run.notBefore)}` : 'It waits'}>
        {run.reason
          ? `${run.reason.message} ${run.reason.action}`
          : 'The CRM is working on what it was given, or its limit of calls is reached.'}
      </Alert>
    );
  if (run.endedAt === null) {
    const at = STAGES.findIndex(({ key }) => key === run.stage);
    return (
      <Stack gap={4}>
        <Text size="sm">
          {stageName(run.stage)}: {lowered(STAGES[at]?.does ?? '')}…
        </Text>
        <Progress value={(100 * (at + 0.5)) / STAGES.length} animated aria-label="How far the run is" />
      </Stack>
    );
  }
  if (run.held > 0)
    return (
      <Alert color="orange" title={`A brake held ${count(run.held)} of its targets`}>
        Nothing of those was written.{' '}
        <Anchor component={Link} to="/waiting">
          Look at what waits
        </Anchor>
        , then release them or mend what is wrong.
      </Alert>
    );
  if (run.reason)
    return (
      <Alert color="yellow" title="Not everything could be done">
        {run.reason.message} {run.reason.action}
      </Alert>
    );
  return null;
}

function Stages({ seen }: { seen: Seen }) {
  const active = seen.stages.filter(({ state }) => state === 'done').length - 1;
  return (
    <Timeline active={active} bulletSize={22} lineWidth={2}>
      {seen.stages.map(({ stage, state, counts }) => (
        <Timeline.Item
          key={stage}
          bullet={state === 'done' ? <IconCheck size={13} /> : undefined}
          title={
            <Group gap="xs">
              <span>{stageName(stage)}</span>
              {state === 'active' && (
                <Badge size="sm" tt="none">
                  now
                </Badge>
              )}
              {state === 'stopped' && (
                <Badge size="sm" color="red" tt="none">
                  stopped here
                </Badge>
              )}
            </Group>
          }
        >
          <Text size="sm" c="dimmed">
            {counts.some(({ value }) => value > 0)
              ? counts
                  .filter(({ value }) => value > 0)
                  .map(({ name, value }) => countWords(name, value))
                  .join(', ')
              : state === 'done'
                ? 'Nothing to do'
                : STAGES.find(({ key }) => key === stage)?.does}
          </Text>
        </Timeline.Item>
      ))}
    </Timeline>
  );
}

/** Calls of each connection in this run, and how full its limits are at this moment. */
function Calls({ seen }: { seen: Seen }) {
  if (seen.connections.length === 0) return <Text c="dimmed">No CRM is connected.</Text>;
  return (
    <Stack gap="md">
      {seen.connections.map((one) => (
        <Stack gap={4} key={one.id}>
          <Group justify="space-between">
            <Text fw={600}>{one.name}</Text>
            <Text size="sm">
              {count(one.calls)} calls, {count(one.writes)} of them writes
              {one.throttled > 0 && `, ${count(one.throttled)} throttled`}
            </Text>
          </Group>
          {one.budgets.map(({ name, used, limit, windowMs }) => (
            <Group key={name} gap="sm" wrap="nowrap">
              <Text size="xs" c="dimmed" style={{ flex: '1 1 auto' }}>
                {budgetWords(name)}: {count(used)} of {count(limit)} {windowWords(windowMs)}
              </Text>
              <Progress
                w={120}
                size="sm"
                value={(100 * used) / limit}
                color={used / limit > 0.9 ? 'orange' : 'blue'}
                aria-label={`${one.name}, ${budgetWords(name)}: share used`}
              />
            </Group>
          ))}
        </Stack>
      ))}
    </Stack>
  );
}

/** Only how it begins: CRMs stay CRMs. */
const lowered = (words: string): string => words.charAt(0).toLowerCase() + words.slice(1);
