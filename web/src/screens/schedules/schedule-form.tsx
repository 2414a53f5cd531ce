import {
  Alert,
  Autocomplete,
  Button,
  Group,
  List,
  Modal,
  NumberInput,
  SegmentedControl,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { instant } from '../../parts/figures.ts';
import { useApi, useChange } from '../../query.ts';
import type { Schedule } from './schedule-list.tsx';

const EXAMPLES = [
  { cron: '0 6 * * *', name: 'Every morning' },
  { cron: '0 6 * * 1-5', name: 'Working days' },
  { cron: '0 6 * * 1', name: 'Mondays' },
  { cron: '0 */4 * * *', name: 'Every four hours' },
];

/** A free name: run, run_2, run_3 ... */
const freeId = (taken: string[]): string => {
  for (let n = 1; ; n += 1) {
    const id = n === 1 ? 'run' : `run_${n}`;
    if (!taken.includes(id)) return id;
  }
};

/** Sets a schedule; what was typed is shown in words with its next five times, as the server understands it. */
export function ScheduleForm({
  schedule,
  taken,
  zone: companyZone,
  close,
}: {
  schedule: Schedule | null;
  taken: string[];
  zone: string;
  close: () => void;
}) {
  const timing = schedule?.timing ?? { cron: '0 6 * * *', zone: companyZone };
  const [kind, setKind] = useState('cron' in timing ? 'cron' : 'every');
  const [cron, setCron] = useState('cron' in timing ? timing.cron : '0 6 * * *');
  const [zone, setZone] = useState('cron' in timing ? timing.zone : companyZone);
  const [minutes, setMinutes] = useState<number | string>('cron' in timing ? 60 : timing.everyMinutes);
  const asked = kind === 'cron' ? { cron, zone } : { everyMinutes: String(minutes) };
  const [settled] = useDebouncedValue(JSON.stringify(asked), 300);
  const previewed = JSON.parse(settled) as typeof asked;
  const preview = useApi('GET /api/schedules/preview', { query: previewed });
  const put = useChange('PUT /api/schedules/:id', { done: ({ words }) => `Set: ${words}.`, onDone: close });
  const isCurrent = settled === JSON.stringify(asked);
  return (
    <Modal opened onClose={close} title={schedule ? `Change ${schedule.id}` : 'Add a schedule'} size="lg">
      <Stack>
        <SegmentedControl
          aria-label="Kind of schedule"
          value={kind}
          onChange={setKind}
          data={[
            { value: 'cron', label: 'At set times' },
            { value: 'every', label: 'Every so many minutes' },
          ]}
        />
        {kind === 'cron' ? (
          <>
            <Group gap="xs">
              {EXAMPLES.map((example) => (
                <Button
                  key={example.cron}
                  size="compact-sm"
                  variant="default"
                  onClick={() => setCron(example.cron)}
                >
                  {example.name}
                </Button>
              ))}
            </Group>
            <Group grow align="flex-start">
              <TextInput
                label="Cron line"
                description="Minute, hour, day, month, weekday"
                value={cron}
                onChange={(event) => setCron(event.currentTarget.value)}
                styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
                spellCheck={false}
              />
              <Autocomplete
                label="Time zone"
                description={`The company's is ${companyZone}`}
                value={zone}
                onChange={setZone}
                data={Intl.supportedValuesOf('timeZone')}
                limit={20}
              />
            </Group>
          </>
        ) : (
          <NumberInput label="Minutes" min={1} max={10_080} value={minutes} onChange={setMinutes} />
        )}
        <div aria-live="polite">
          {preview.error && isCurrent ? (
            <Alert color="red" title={preview.error.problem.detail}>
              {preview.error.problem.action}
            </Alert>
          ) : (
            preview.data && (
              <>
                <Text fw={500}>{preview.data.words}</Text>
                <List size="sm" aria-label="The next five times">
                  {preview.data.next.map((time) => (
                    <List.Item key={time}>
                      {instant(time, 'zone' in previewed ? previewed.zone : companyZone)}
                    </List.Item>
                  ))}
                </List>
              </>
            )
          )}
        </div>
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button
            loading={put.isPending}
            disabled={!isCurrent || preview.error !== null}
            onClick={() =>
              put.mutate({
                params: { id: schedule?.id ?? freeId(taken) },
                body: {
                  timing: kind === 'cron' ? { cron, zone } : { everyMinutes: Number(minutes) },
                  paused: schedule?.paused ?? false,
                },
              })
            }
          >
            Save
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
