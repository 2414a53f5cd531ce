import { Alert, Tabs } from '@mantine/core';
import type { Answer } from '../../api.ts';
import { count } from '../../parts/figures.ts';
import { Page } from '../../parts/page.tsx';
import { Read } from '../../parts/states.tsx';
import { useApi } from '../../query.ts';
import { Falls } from './falls.tsx';
import { LiveTargets } from './live-targets.tsx';
import { Pins } from './pins.tsx';
import { Targets } from './targets.tsx';

/** How soon figures are asked for again that are not whole yet. */
const COUNTING_MS = 2_000;

/** What is not written until somebody has looked: targets, falls in records, values set by hand. */
export default function Waiting() {
  const query = useApi('GET /api/waiting');
  return (
    <Page
      title="Waiting for you"
      lead="Nothing here is written until somebody releases it. See each value first."
    >
      <Read query={query}>{(waiting) => <Parts waiting={waiting} />}</Read>
    </Page>
  );
}

function Parts({ waiting }: { waiting: Answer<'GET /api/waiting'> }) {
  const live = waiting.targets.filter(({ why }) => why === 'live');
  return (
    <>
      <Falls falls={waiting.falls} />
      {waiting.isCounting && <Counting />}
      <Tabs defaultValue="targets" keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="targets">Waiting ({count(waiting.targets.length - live.length)})</Tabs.Tab>
          <Tabs.Tab value="live">Live ({count(live.length)})</Tabs.Tab>
          <Tabs.Tab value="pins">Set by hand ({count(waiting.pins)})</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="targets">
          <Targets waiting={waiting} />
        </Tabs.Panel>
        <Tabs.Panel value="live">
          <LiveTargets targets={live} />
        </Tabs.Panel>
        <Tabs.Panel value="pins">
          <Pins />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

function Counting() {
  useApi('GET /api/waiting', undefined, { everyMs: COUNTING_MS });
  return (
    <Alert color="blue" mb="md" role="status">
      Still counting: so far only the first records are in these figures. They rise until this line is gone.
    </Alert>
  );
}
