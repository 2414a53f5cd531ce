import {
  Box,
  Button,
  Fieldset,
  Group,
  NumberInput,
  Select,
  SimpleGrid,
  Stack,
  Switch,
  Text,
  TextInput,
} from '@mantine/core';
import type { Condition } from '../../../../src/segmentation/condition.ts';
import type { Choices } from './builder/choices.ts';
import { ConditionBuilder } from './builder/condition-builder.tsx';
import { placeIn } from './builder/tree.ts';
import { Duration } from './builder/value-input.tsx';
import { fieldOf, withSegment } from './change-definition.ts';
import { findingsAt, type PlacedFinding } from './places.ts';
import { numberOr, PlayEditor } from './play-editor.tsx';
import type { Draft } from './use-draft.ts';
import { keyFrom } from './words.ts';

/** One segment: its name, who belongs, how long a label stays, and what to do with these customers. */
export function SegmentEditor({
  draft,
  index,
  choices,
  isPublished,
  mayEdit,
}: {
  draft: Draft;
  index: number;
  choices: Choices;
  /** Its key is in a CRM by now, and stays. */
  isPublished: boolean;
  mayEdit: boolean;
}) {
  const { definition } = draft;
  const own = findingsAt(draft.preview.data?.findings ?? [], 'segments', index);
  const segment = definition.segments[index];
  if (!segment) return null;
  const set = (fields: Record<string, unknown>) => draft.change(withSegment(definition, index, fields));
  const counts = draft.preview.data?.segments.find((one) => one.segment === segment.key)?.rules ?? null;
  const isTiered = ['tiers', 'lifetime_value', 'churn', 'lookalike'].includes(definition.method);
  const followsName =
    !isPublished && (segment.key === keyFrom(segment.name, 40) || /^segment_\d+$/.test(segment.key));
  return (
    <Fieldset variant="unstyled" disabled={!mayEdit}>
      <Stack gap="sm">
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput
            label="Name"
            data-place={`segments.${index}.name`}
            maxLength={100}
            value={segment.name}
            onChange={(event) => {
              const name = event.currentTarget.value;
              const key = keyFrom(name, 40);
              set({ name, ...(followsName && key !== '' && { key }) });
            }}
          />
          <TextInput
            label="Key"
            description={isPublished ? 'Permanent: CRMs hold it.' : 'Permanent once published; CRMs hold it.'}
            inputWrapperOrder={['label', 'input', 'description']}
            readOnly={isPublished}
            maxLength={40}
            value={segment.key}
            onChange={(event) => set({ key: event.currentTarget.value })}
          />
        </SimpleGrid>
        <TextInput
          label="Description"
          maxLength={500}
          value={segment.description ?? ''}
          onChange={(event) => set({ description: event.currentTarget.value })}
        />
        <Findings found={own.filter(({ place }) => place[2] === undefined || place[2] === 'name')} />
        {'when' in segment && (
          <Box data-place={`segments.${index}.when`}>
            <Text size="sm" fw={500} mb={4}>
              Who enters
            </Text>
            <ConditionBuilder
              condition={segment.when}
              choices={choices}
              counts={draft.isCounting ? null : counts}
              notes={notesIn(segment.when, own)}
              onChange={(when, missing) => {
                draft.lacks(`${index}.when`, missing);
                if (when) set({ when });
              }}
            />
            <LeaveWhen
              condition={segment.leaveWhen}
              choices={choices}
              onChange={(leaveWhen, missing) => {
                draft.lacks(`${index}.leaveWhen`, missing);
                if (missing.length === 0) set({ leaveWhen: leaveWhen ?? undefined });
              }}
            />
          </Box>
        )}
        {isTiered && <TierBounds segment={segment} set={set} />}
        {definition.method === 'scorecard' && (
          <NumberInput
            label="Score from"
            description="Learned if left empty."
            w={200}
            value={numberOr(fieldOf(segment, 'atLeast'))}
            onChange={(value) => set({ atLeast: value === '' ? undefined : value })}
          />
        )}
        <Stay value={segment.stay} onChange={(stay) => set({ stay })} />
        <Select
          label="Tell the owners of these customers"
          description="In My customers, and in the weekly e-mail"
          inputWrapperOrder={['label', 'input', 'description']}
          maw={460}
          allowDeselect={false}
          data={ATTENTION}
          value={segment.attention ?? 'usual'}
          onChange={(value) => set({ attention: value === 'usual' ? undefined : (value ?? undefined) })}
        />
        <Findings found={own.filter(({ place }) => place[2] === 'play')} />
        <PlayEditor
          place={`segments.${index}.play`}
          play={segment.play ?? {}}
          name={segment.name}
          onChange={(play) => set({ play })}
        />
      </Stack>
    </Fieldset>
  );
}

/** Beside the part that they are about. */
function Findings({ found }: { found: PlacedFinding[] }) {
  return found.map(({ mistake, says }) => (
    <Text key={mistake + says} size="xs" className="finding">
      {says}
    </Text>
  ));
}

/** Those about a single condition of who enters, by their place in the builder. */
function notesIn(when: Condition, found: PlacedFinding[]): Record<string, string> {
  return Object.fromEntries(
    found.flatMap(({ place: [, , part, ...path], says }) =>
      part === 'when' ? [[JSON.stringify(placeIn(when, path)), says]] : [],
    ),
  );
}

const ATTENTION = [
  { value: 'usual', label: 'When one comes in, unless others are marked' },
  { value: 'new', label: 'When one comes in' },
  { value: 'at_risk', label: 'As long as one is in it: about to be lost' },
];

function TierBounds({ segment, set }: { segment: object; set: (fields: Record<string, unknown>) => void }) {
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }} maw={460}>
      <NumberInput
        label="From"
        description="A fixed lowest value"
        thousandSeparator=","
        value={numberOr(fieldOf(segment, 'atLeast'))}
        onChange={(value) =>
          set({ atLeast: value === '' ? undefined : value, ...(value !== '' && { topPercent: undefined }) })
        }
      />
      <NumberInput
        label="or the top"
        description="Learned from the data; with the tiers above"
        suffix="%"
        min={0.1}
        max={99.9}
        value={numberOr(fieldOf(segment, 'topPercent'))}
        onChange={(value) =>
          set({ topPercent: value === '' ? undefined : value, ...(value !== '' && { atLeast: undefined }) })
        }
      />
    </SimpleGrid>
  );
}

function LeaveWhen({
  condition,
  choices,
  onChange,
}: {
  condition: Condition | undefined;
  choices: Choices;
  onChange: (condition: Condition | null, unfinished: string[]) => void;
}) {
  if (condition === undefined)
    return (
      <Button
        mt={6}
        size="compact-xs"
        variant="subtle"
        onClick={() => onChange({ all: [{ attribute: 'deal_count', atMost: 0 }] }, [])}
      >
        Leave by another condition…
      </Button>
    );
  return (
    <Box mt="sm">
      <Group justify="space-between">
        <Text size="sm" fw={500}>
          Who leaves
        </Text>
        <Button size="compact-xs" variant="subtle" color="red" onClick={() => onChange(null, [])}>
          Leave as soon as it no longer holds
        </Button>
      </Group>
      <ConditionBuilder condition={condition} choices={choices} counts={null} onChange={onChange} />
    </Box>
  );
}

function Stay({
  value,
  onChange,
}: {
  value: string | undefined;
  onChange: (stay: string | undefined) => void;
}) {
  return (
    <Group gap="sm" align="center" mih={32}>
      <Switch
        label="Keep the label for a while once given, so that it does not flap"
        checked={value !== undefined}
        onChange={(event) => onChange(event.currentTarget.checked ? '14 days' : undefined)}
      />
      {value !== undefined && (
        <Duration label="Keep it at least" value={value} onChange={(stay) => stay !== '' && onChange(stay)} />
      )}
    </Group>
  );
}
