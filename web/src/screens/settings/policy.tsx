import { Button, Fieldset, Group, NumberInput, Radio, SimpleGrid, Stack, Switch } from '@mantine/core';
import { useState } from 'react';
import type { Answer } from '../../api.ts';
import { Read } from '../../parts/states.tsx';
import { useApi, useChange } from '../../query.ts';

type Policy = Answer<'GET /api/tenant'>['policy'];

/** How much of the writing is left to the program. Quiet hours stand with the schedules. */
export function PolicySettings() {
  return <Read query={useApi('GET /api/tenant')}>{({ policy }) => <Form policy={policy} />}</Read>;
}

function Form({ policy }: { policy: Policy }) {
  const [draft, setDraft] = useState(policy);
  const change = useChange('PATCH /api/tenant', { done: 'Saved.' });
  const set = (part: Partial<Policy>) => setDraft({ ...draft, ...part });
  const brake = (part: Partial<Policy['brakes']>) => set({ brakes: { ...draft.brakes, ...part } });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate({ body: { policy: draft } });
      }}
    >
      <Stack>
        <Choice
          label="Publishing"
          value={draft.approval}
          onChange={(approval) => set({ approval })}
          choices={[
            ['one', 'Whoever made a draft may publish it'],
            ['second_person', 'Somebody else has to publish it'],
          ]}
        />
        <Choice
          label="New and changed targets"
          value={draft.release}
          onChange={(release) => set({ release })}
          choices={[
            ['ask', 'Wait until somebody releases them'],
            ['auto', 'Are released as soon as they are published'],
          ]}
        />
        <Choice
          label="The first push of a target"
          value={draft.pilot}
          onChange={(pilot) => set({ pilot })}
          choices={[
            ['go_on', 'Writes a few records, and goes on if the CRM took them'],
            ['wait', 'Writes a few records, and waits for a look'],
            ['off', 'Writes everything'],
          ]}
        />
        {draft.pilot !== 'off' && (
          <SimpleGrid cols={{ base: 1, xs: 2 }} style={{ alignItems: 'end' }}>
            <NumberInput
              label="Records in the first push"
              min={1}
              max={1000}
              allowDecimal={false}
              value={draft.pilotSize}
              onChange={(value) => set({ pilotSize: Number(value) })}
            />
            <Percent
              label="Hold it if more are refused"
              value={draft.pilotRefusals}
              onChange={(pilotRefusals) => set({ pilotRefusals })}
            />
          </SimpleGrid>
        )}
        <Choice
          label="A value that somebody set by hand in a field of ours"
          value={draft.handEdits}
          onChange={(handEdits) => set({ handEdits })}
          choices={[
            ['pin', 'Is left alone'],
            ['overwrite', 'Is written over'],
          ]}
        />
        {draft.handEdits === 'pin' && (
          <Optional
            label="It becomes ours again after some days"
            unit="Days"
            value={draft.pinDays}
            fallback={90}
            onChange={(pinDays) => set({ pinDays })}
          />
        )}
        <Choice
          label="Where records of one person disagree"
          value={draft.precedence}
          onChange={(precedence) => set({ precedence })}
          choices={[
            ['newest', 'The newest value counts'],
            ['rank', 'The first connection counts'],
          ]}
        />
        <Optional
          label="Write at most so many records in one run"
          unit="Records of one connection; the rest follows in the next run"
          value={draft.writesPerRun}
          fallback={10_000}
          onChange={(writesPerRun) => set({ writesPerRun })}
        />
        <Optional
          label="Let plays make tasks in the CRM"
          unit="For one owner of records in a week, the most valuable customers first"
          value={draft.tasksPerOwnerAndWeek === 0 ? null : draft.tasksPerOwnerAndWeek}
          fallback={5}
          onChange={(most) => set({ tasksPerOwnerAndWeek: most ?? 0 })}
        />
        <Fieldset legend="Brakes: when to stop and ask">
          <SimpleGrid cols={{ base: 1, xs: 2 }} style={{ alignItems: 'end' }}>
            <Percent
              label="A push changes more labels of a target than"
              value={draft.brakes.labelShare}
              onChange={(labelShare) => brake({ labelShare })}
            />
            <Least
              label="and at least so many labels"
              value={draft.brakes.labelLeast}
              onChange={(labelLeast) => brake({ labelLeast })}
            />
            <Percent
              label="Others changed more of our values than"
              value={draft.brakes.editShare}
              onChange={(editShare) => brake({ editShare })}
            />
            <Least
              label="and at least so many values"
              value={draft.brakes.editLeast}
              onChange={(editLeast) => brake({ editLeast })}
            />
            <Percent
              label="Records of an object fall by more than"
              value={draft.brakes.recordShare}
              onChange={(recordShare) => brake({ recordShare })}
            />
            <Least
              label="and at least so many records"
              value={draft.brakes.recordLeast}
              onChange={(recordLeast) => brake({ recordLeast })}
            />
          </SimpleGrid>
        </Fieldset>
        <Group>
          <Button type="submit" loading={change.isPending}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Choice<Value extends string>({
  label,
  value,
  choices,
  onChange,
}: {
  label: string;
  value: Value;
  choices: [Value, string][];
  onChange: (value: Value) => void;
}) {
  return (
    <Radio.Group
      label={label}
      value={value}
      onChange={(text) => {
        const chosen = choices.find(([one]) => one === text);
        if (chosen) onChange(chosen[0]);
      }}
    >
      <Stack gap={6} mt={6}>
        {choices.map(([one, says]) => (
          <Radio key={one} value={one} label={says} />
        ))}
      </Stack>
    </Radio.Group>
  );
}

/** Kept as a share, typed in percent. */
function Percent({
  label,
  value,
  onChange,
}: {
  label: string;
  value: number;
  onChange: (share: number) => void;
}) {
  return (
    <NumberInput
      label={label}
      min={0}
      max={100}
      suffix="%"
      value={Math.round(value * 10_000) / 100}
      onChange={(text) => onChange(Number.parseFloat(String(text)) / 100 || 0)}
    />
  );
}

function Least({
  label,
  value,
  onChange,
}: {
  label: string;
  value: number;
  onChange: (least: number) => void;
}) {
  return (
    <NumberInput
      label={label}
      min={1}
      allowDecimal={false}
      value={value}
      onChange={(text) => onChange(Math.max(1, Number(text)))}
    />
  );
}

/** A number, or none at all. */
function Optional({
  label,
  unit,
  value,
  fallback,
  onChange,
}: {
  label: string;
  unit: string;
  value: number | null;
  fallback: number;
  onChange: (value: number | null) => void;
}) {
  return (
    <Stack gap="xs">
      <Switch
        label={label}
        checked={value !== null}
        onChange={(event) => onChange(event.currentTarget.checked ? fallback : null)}
      />
      {value !== null && (
        <NumberInput
          label={unit}
          min={1}
          allowDecimal={false}
          maw={360}
          value={value}
          onChange={(text) => onChange(Math.max(1, Number(text)))}
        />
      )}
    </Stack>
  );
}
