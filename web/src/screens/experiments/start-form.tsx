import {
  Alert,
  Button,
  Checkbox,
  Group,
  NumberInput,
  Radio,
  Select,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useRef, useState } from 'react';
import { useAsk } from '../../ask.ts';
import { counted } from '../../parts/figures.ts';
import { useApi, useChange } from '../../query.ts';

/** Says how many members it takes while it is filled in, and starts it. */
export function StartForm({ set, onDone }: { set: string | null; onDone: () => void }) {
  const sets = useApi('GET /api/segmentations');
  const [name, setName] = useState('');
  const [segment, setSegment] = useState<string | null>(null);
  const [kind, setKind] = useState<'holdout' | 'pilot'>('holdout');
  const [on, setOn] = useState<'play' | 'write_back'>('play');
  const [looks, setLooks] = useState<'once' | 'any_time'>('once');
  const [part, setPart] = useState<number | string>(20);
  const [base, setBase] = useState<number | string>(10);
  const [target, setTarget] = useState<number | string>(15);
  const [horizonDays, setHorizon] = useState<number | string>(30);
  const [evenIfSmall, setEvenIfSmall] = useState(false);
  // Sent twice, it is started once.
  const once = useRef(crypto.randomUUID());
  const start = useChange('POST /api/experiments', {
    done: 'It has started. Lists and campaigns follow with the next run.',
    quiet: true,
    onDone,
  });
  const [segmentation = '', key = ''] = (segment ?? '').split('.');
  const body = {
    key: name || 'plan',
    segmentation,
    segment: key,
    kind,
    on,
    looks,
    share: Number(part) / 100,
    base: Number(base) / 100,
    target: Number(target) / 100,
    horizonDays: Number(horizonDays),
  };
  const isPlannable =
    segment !== null && body.share > 0 && body.base > 0 && body.target > 0 && body.horizonDays > 0;
  const [planned] = useDebouncedValue({ ...body, key: 'plan' }, 300);
  const plan = useAsk('POST /api/experiments/plan', { body: planned }, { enabled: isPlannable });
  const choices = (sets.data?.items ?? [])
    .filter((one) => one.state === 'published' && (set === null || one.key === set))
    .map((one) => ({
      group: one.name,
      items: one.segments.map((inner) => ({ value: `${one.key}.${inner.key}`, label: inner.name })),
    }));
  const problem = start.error?.problem ?? (isPlannable ? plan.error?.problem : undefined);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        start.mutate({ body: { ...body, evenIfSmall }, idempotencyKey: once.current });
      }}
    >
      <Stack>
        <TextInput
          label="Name"
          description="Permanent: lower-case letters, digits and underscores."
          placeholder="spring_letter"
          required
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Select label="Segment" required searchable data={choices} value={segment} onChange={setSegment} />
        <Radio.Group
          label="Who gets the play"
          value={kind}
          onChange={(value) => setKind(value === 'pilot' ? 'pilot' : 'holdout')}
        >
          <Stack gap={6} mt={6}>
            <Radio value="holdout" label="All but a share" />
            <Radio value="pilot" label="Only a share, to begin with" />
          </Stack>
        </Radio.Group>
        <Radio.Group
          label="What the others go without"
          value={on}
          onChange={(value) => setOn(value === 'write_back' ? 'write_back' : 'play')}
        >
          <Stack gap={6} mt={6}>
            <Radio value="play" label="The play: lists and campaigns leave them out, the label stays" />
            <Radio value="write_back" label="The label too: nothing shows in the CRM" />
          </Stack>
        </Radio.Group>
        <SimpleGrid cols={{ base: 1, xs: 2 }} style={{ alignItems: 'end' }}>
          <NumberInput label="The share" suffix="%" min={1} max={99} value={part} onChange={setPart} />
          <NumberInput
            label="Days until they are compared"
            min={1}
            max={400}
            allowDecimal={false}
            value={horizonDays}
            onChange={setHorizon}
          />
          <NumberInput
            label="How many buy without the play"
            suffix="%"
            min={0.1}
            max={99}
            value={base}
            onChange={setBase}
          />
          <NumberInput
            label="How many would have to buy with it"
            suffix="%"
            min={0.1}
            max={99}
            value={target}
            onChange={setTarget}
          />
        </SimpleGrid>
        <Checkbox
          label="May be looked at on any day"
          description="Takes about twice the members; otherwise nothing is told before the last day."
          checked={looks === 'any_time'}
          onChange={(event) => setLooks(event.currentTarget.checked ? 'any_time' : 'once')}
        />
        {isPlannable && plan.data && !plan.error && (
          <Text size="sm" role="status">
            It takes {counted(plan.data.needed, 'member')} to show such a difference; there are{' '}
            {counted(plan.data.members, 'member')}
            {plan.data.enough ? '.' : ', so that it may not show.'}
          </Text>
        )}
        {plan.data && !plan.data.enough && (
          <Checkbox
            label="Start although a difference may not show"
            checked={evenIfSmall}
            onChange={(event) => setEvenIfSmall(event.currentTarget.checked)}
          />
        )}
        {problem && (
          <Alert color="red" role="alert">
            {problem.detail} {problem.action}
            {problem.issues?.map(({ path, message }) => (
              <div key={path}>
                {path}: {message}
              </div>
            ))}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button
            type="submit"
            loading={start.isPending}
            disabled={!isPlannable || name === '' || (plan.data?.enough === false && !evenIfSmall)}
          >
            Start
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
