import {
  Anchor,
  Fieldset,
  Group,
  NumberInput,
  SimpleGrid,
  Stack,
  Switch,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core';
import { Link } from 'react-router';
import type { Play } from '../../../../src/segmentation/definition-parts.ts';
import { useSession } from '../../session.ts';
import { Duration } from './builder/value-input.tsx';

const CHANNELS = 'email, phone, sms, ads, in-app, meeting';
/** As the server has it where nothing is said. */
const USUAL_TIME = '7 days';

type Task = NonNullable<Play['task']>;

export const numberOr = (value: unknown): number | '' => (typeof value === 'number' ? value : '');

/** What to do with a segment. */
export function PlayEditor({
  play,
  name,
  place,
  onChange,
}: {
  play: Play;
  /** Found by this where a finding is about it. */
  place: string;
  /** Of the segment. */
  name: string;
  onChange: (play: Play | undefined) => void;
}) {
  const { tenant } = useSession();
  const set = (fields: { [Key in keyof Play]?: Play[Key] | '' }) => {
    const next = Object.fromEntries(
      Object.entries({ ...play, ...fields }).filter(([, one]) => one !== undefined && one !== ''),
    );
    onChange(Object.keys(next).length === 0 ? undefined : next);
  };
  const field = (key: 'channel' | 'offer' | 'owner' | 'cadence', label: string, placeholder?: string) => (
    <TextInput
      label={label}
      placeholder={placeholder}
      value={play[key] ?? ''}
      onChange={(event) => set({ [key]: event.currentTarget.value })}
    />
  );
  const amount = (key: 'budget' | 'costPerContact', label: string) => (
    <NumberInput
      label={label}
      min={0}
      thousandSeparator=","
      suffix={` ${tenant.currency}`}
      value={numberOr(play[key])}
      onChange={(value) => set({ [key]: value })}
    />
  );
  return (
    <Fieldset legend="Play: what to do with these customers" p="sm" data-place={place}>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="xs">
        {field('channel', 'Channel', CHANNELS)}
        {field('offer', 'Offer')}
        {field('owner', 'Who does it')}
        {field('cadence', 'How often', 'monthly')}
        {amount('budget', 'Budget')}
        {amount('costPerContact', 'Cost to reach one')}
      </SimpleGrid>
      <Textarea
        mt="xs"
        label="Message"
        autosize
        value={play.message ?? ''}
        onChange={(event) => set({ message: event.currentTarget.value })}
      />
      <TaskEditor
        task={play.task}
        firstSubject={play.message || `Talk to them: ${name}`}
        onChange={(task) => set({ task })}
      />
    </Fieldset>
  );
}

/** One task in the CRM for each customer who comes in. */
function TaskEditor({
  task,
  firstSubject,
  onChange,
}: {
  task: Task | undefined;
  firstSubject: string;
  onChange: (task: Task | undefined) => void;
}) {
  const { tenant } = useSession();
  const most = tenant.tasksPerOwnerAndWeek;
  return (
    <Stack gap="xs" mt="sm">
      <Switch
        label="Make a task in the CRM for the owner of each customer who comes in"
        checked={task !== undefined}
        onChange={(event) =>
          onChange(event.currentTarget.checked ? { subject: firstSubject.slice(0, 200) } : undefined)
        }
      />
      {task && (
        <>
          <Group align="flex-end" gap="sm">
            <TextInput
              label="What the task says"
              required
              maxLength={200}
              style={{ flex: '1 1 260px' }}
              value={task.subject}
              error={task.subject === '' ? 'A task needs a few words.' : undefined}
              onChange={(event) => onChange({ ...task, subject: event.currentTarget.value })}
            />
            <div>
              <Text size="sm" fw={500}>
                To be done within
              </Text>
              <Duration
                label="To be done within"
                value={task.dueIn ?? USUAL_TIME}
                onChange={(dueIn) => dueIn !== '' && onChange({ ...task, dueIn })}
              />
            </div>
          </Group>
          <Text
            size="xs"
            c={most === 0 ? undefined : 'dimmed'}
            className={most === 0 ? 'finding' : ''}
            role="status"
          >
            {most === 0
              ? 'No play may make tasks yet. An admin allows them in '
              : `At most ${most} a week for one owner, the most valuable customers first; it also says why the customer came in. An admin changes that in `}
            <Anchor component={Link} to="/settings?tab=writing" size="xs" underline="always">
              Settings, Writing into CRMs
            </Anchor>
            .
          </Text>
        </>
      )}
    </Stack>
  );
}
