import { Anchor, Group, Progress, Stack, Switch, Tabs, Text } from '@mantine/core';
import { useState } from 'react';
import { Link, useLocation, useNavigate } from 'react-router';
import { ago, count, instant } from '../../parts/figures.ts';
import { Page } from '../../parts/page.tsx';
import { Empty, Read } from '../../parts/states.tsx';
import { Rows } from '../../parts/table.tsx';
import { usePages } from '../../parts/use-pages.ts';
import { useSession } from '../../session.ts';
import { Refused } from './refused.tsx';
import { RunNow } from './run-now.tsx';
import { beganBy, RunState, STAGES, stageName, took } from './run-words.tsx';

/** All runs, and what the CRMs refuse. */
export default function Runs() {
  const navigate = useNavigate();
  const tab = useLocation().pathname.endsWith('/refused') ? 'refused' : 'runs';
  return (
    <Page
      title="Runs"
      lead="Each run reads the CRMs, works out who is in which segment, and writes only what differs."
      actions={<RunNow />}
    >
      <Tabs value={tab} onChange={(to) => void navigate(to === 'refused' ? '/runs/refused' : '/runs')}>
        <Tabs.List mb="md">
          <Tabs.Tab value="runs">Runs</Tabs.Tab>
          <Tabs.Tab value="refused">Refused records</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="runs">{tab === 'runs' && <RunList />}</Tabs.Panel>
        <Tabs.Panel value="refused">{tab === 'refused' && <Refused />}</Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function RunList() {
  const { tenant } = useSession();
  const [refreshes, setRefreshes] = useState(false);
  const { query, more } = usePages('GET /api/runs', {
    query: { refreshes: refreshes ? 'with' : 'without' },
  });
  return (
    <Stack gap="sm">
      <Switch
        label="Show refreshes that the CRMs' events began"
        checked={refreshes}
        onChange={(event) => setRefreshes(event.currentTarget.checked)}
      />
      <Read query={query}>
        {(runs) => (
          <Rows
            name="Runs"
            rows={runs}
            keyOf={(run) => run.id}
            more={more}
            empty={
              <Empty title="No run yet" action={<RunNow />}>
                The first one reads everything that the connected CRMs hold and works out the segments. It
                writes nothing: all that is new waits for your look.
              </Empty>
            }
            columns={[
              {
                head: 'Run',
                cell: (run) => (
                  <Anchor component={Link} to={`/runs/${run.id}`}>
                    {run.id}
                    {run.dryRun && ' (dry)'}
                  </Anchor>
                ),
              },
              { head: 'State', cell: (run) => <RunState run={run} /> },
              {
                head: 'Started',
                cell: (run) => (
                  <span title={instant(run.requestedAt, tenant.zone)}>{ago(run.requestedAt)}</span>
                ),
              },
              {
                head: 'Took',
                cell: (run) =>
                  run.endedAt ? (
                    took(run.requestedAt, run.endedAt)
                  ) : (
                    <Group gap="xs" wrap="nowrap">
                      <Progress
                        w={80}
                        value={
                          (100 * (STAGES.findIndex(({ key }) => key === run.stage) + 0.5)) / STAGES.length
                        }
                        animated
                        aria-label="How far it is"
                      />
                      <Text size="xs">{stageName(run.stage)}</Text>
                    </Group>
                  ),
              },
              { head: 'By', cell: (run) => beganBy(run.requestedBy) },
              { head: 'Written', isNumber: true, cell: (run) => count(run.written) },
              { head: 'Refused', isNumber: true, cell: (run) => count(run.refused) },
            ]}
          />
        )}
      </Read>
    </Stack>
  );
}
