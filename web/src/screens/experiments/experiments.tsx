import { Badge, Button, Card, Group, Modal, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconFlask } from '@tabler/icons-react';
import { useSearchParams } from 'react-router';
import type { Answer } from '../../api.ts';
import { day, share } from '../../parts/figures.ts';
import { useNames } from '../../parts/names.ts';
import { Page } from '../../parts/page.tsx';
import { Empty, Read } from '../../parts/states.tsx';
import { useApi, useChange } from '../../query.ts';
import { useMay } from '../../session.ts';
import { humanised } from '../segment-sets/words.ts';
import { Result } from './result.tsx';
import { StartForm } from './start-form.tsx';

type Experiment = Answer<'GET /api/experiments'>['items'][number];

/** Does a play do anything? A share of a segment goes without it, and both parts are compared. */
export default function Experiments() {
  const [params] = useSearchParams();
  const set = params.get('set');
  const query = useApi('GET /api/experiments', { query: set ? { segmentation: set } : {} });
  const mayApprove = useMay('approve');
  const mayEdit = useMay('edit');
  const [isOpen, { open, close }] = useDisclosure(false);
  const start = mayApprove && mayEdit && (
    <Button leftSection={<IconFlask size={16} />} onClick={open}>
      Start an experiment
    </Button>
  );
  return (
    <Page
      title="Experiments"
      lead="A share of a segment goes without its play; what both parts buy says whether it does anything."
      actions={(query.data?.items.length ?? 0) > 0 && start}
    >
      <Read query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No experiment yet" action={start}>
              Before a play goes to everybody, leave some out: without that nobody can say what they would
              have bought anyway.
            </Empty>
          ) : (
            <Stack>
              {items.map((one) => (
                <One key={one.experiment.key} one={one} />
              ))}
            </Stack>
          )
        }
      </Read>
      <Modal opened={isOpen} onClose={close} title="Start an experiment" size="lg">
        <StartForm set={set} onDone={close} />
      </Modal>
    </Page>
  );
}

const STATES = {
  running: { says: 'running', color: 'blue' },
  ended: { says: 'ended', color: 'teal' },
  stopped: { says: 'stopped early', color: 'gray' },
};

function One({ one: { experiment, state, startedAt, startedBy, endedAt } }: { one: Experiment }) {
  const mayApprove = useMay('approve');
  const [isStopping, { open, close }] = useDisclosure(false);
  const stop = useChange('POST /api/experiments/:key/stop', {
    done: 'It has ended: the next run writes to everybody again.',
    onDone: close,
  });
  const names = useNames();
  const { key, kind, segmentation, segment, on, looks } = experiment;
  return (
    <Card withBorder component="section" aria-label={key}>
      <Stack gap="sm">
        <Group justify="space-between" align="flex-start" gap="xs">
          <div style={{ flex: '1 1 240px' }}>
            <Title order={2} size="h5">
              {humanised(key)}
            </Title>
            <Text size="sm" c="dimmed">
              {names.segment(`${segmentation}.${segment}`)}:{' '}
              {kind === 'holdout'
                ? `${share(experiment.share)} go without`
                : `only ${share(experiment.share)} get`}{' '}
              {on === 'play' ? 'the play' : 'the label'}. Started by {startedBy} on {day(startedAt)}
              {endedAt && `, ended ${day(endedAt)}`}
              {looks === 'any_time' && '; may be looked at on any day'}
            </Text>
          </div>
          <Group gap="xs" wrap="nowrap">
            <Badge variant="light" tt="none" color={STATES[state].color}>
              {STATES[state].says}
            </Badge>
            {state === 'running' && mayApprove && (
              <Button size="compact-xs" variant="default" aria-label={`Stop ${key}`} onClick={open}>
                Stop
              </Button>
            )}
          </Group>
        </Group>
        <Result experiment={key} />
      </Stack>
      <Modal opened={isStopping} onClose={close} title={`Stop ${key}`}>
        <Stack>
          <Text size="sm">
            Nobody is left out any more from the next run on, and it can’t be taken up again. Before its last
            day there is no verdict.
          </Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Let it run
            </Button>
            <Button color="red" loading={stop.isPending} onClick={() => stop.mutate({ params: { key } })}>
              Stop
            </Button>
          </Group>
        </Stack>
      </Modal>
    </Card>
  );
}
