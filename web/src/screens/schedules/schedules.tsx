import { Stack } from '@mantine/core';
import { Page } from '../../parts/page.tsx';
import { Read } from '../../parts/states.tsx';
import { useApi } from '../../query.ts';
import { RunNow } from '../runs/run-now.tsx';
import { Budgets } from './budgets.tsx';
import { QuietHours } from './quiet-hours.tsx';
import { ScheduleList } from './schedule-list.tsx';

/** When runs start by themselves, when nothing is written, and how many calls they may take. */
export default function Schedules() {
  const query = useApi('GET /api/schedules');
  return (
    <Page
      title="Schedules"
      lead="Runs also start when a CRM tells of changes, and whenever somebody asks."
      actions={<RunNow />}
    >
      <Read query={query}>
        {(answer) => (
          <Stack>
            <ScheduleList answer={answer} />
            <QuietHours answer={answer} />
            <Budgets connections={answer.connections} />
          </Stack>
        )}
      </Read>
    </Page>
  );
}
