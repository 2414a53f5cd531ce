import { Alert, Button, Checkbox, Group, List, Radio, Stack, Text, TextInput } from '@mantine/core';
import { useRef, useState } from 'react';
import type { Answer } from '../../api.ts';
import { counted } from '../../parts/figures.ts';
import { Read } from '../../parts/states.tsx';
import { useApi, useChange } from '../../query.ts';
import type { Connection } from './connections.tsx';

type Plan = Answer<'GET /api/connections/:id/disconnect'>;
type Keep = 'values' | 'fields' | 'nothing';

/** The way out: what stays in the CRM is asked, what it touches is said first. */
export function DisconnectForm({ connection, onDone }: { connection: Connection; onDone: () => void }) {
  const query = useApi('GET /api/connections/:id/disconnect', { params: { id: connection.id } });
  return (
    <Read query={query} rows={4}>
      {(plan) => <Form connection={connection} plan={plan} onDone={onDone} />}
    </Read>
  );
}

function Form({ connection, plan, onDone }: { connection: Connection; plan: Plan; onDone: () => void }) {
  const [keep, setKeep] = useState<Keep>('values');
  const [withoutCrm, setWithoutCrm] = useState(connection.state === 'disconnected');
  const [text, setText] = useState('');
  // Sent twice, it is begun once.
  const key = useRef(crypto.randomUUID());
  const disconnect = useChange('POST /api/connections/:id/disconnect', {
    done: `${connection.name} is being disconnected. The receipt follows here.`,
    onDone,
  });
  const { systemName: crm } = connection;
  // The CRM's own word.
  const fields = connection.system === 'hubspot' ? 'properties' : 'fields';
  const made = describeTargets(plan.targets);
  const records = counted(plan.records, 'record');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        disconnect.mutate({
          params: { id: connection.id },
          body: { keep: withoutCrm ? 'values' : keep, withoutCrm },
          idempotencyKey: key.current,
        });
      }}
    >
      <Stack>
        {!withoutCrm && (
          <Radio.Group
            label={`What stays in ${crm}?`}
            description={
              made === ''
                ? `Segment Sync has made nothing in ${crm} yet.`
                : `Segment Sync shows labels on ${records} there, with ${made}.`
            }
            value={keep}
            onChange={(value) => setKeep(value as Keep)}
          >
            <Stack gap="xs" mt="xs">
              <Radio
                value="values"
                label={`Keep ${fields} and lists, with their values`}
                description="As they are now; nobody updates them any more."
              />
              <Radio
                value="fields"
                label={`Keep ${fields} and lists, clear their values`}
                description={`Our labels are taken off ${records}. Automations that watch them may start.`}
              />
              <Radio
                value="nothing"
                label={`Delete ${fields} and lists`}
                description={`All that Segment Sync made goes${plan.records > 0 ? `, with the labels of ${records}` : ''}. What a workflow or report uses, ${crm} may not let us delete; the receipt says so.`}
              />
            </Stack>
          </Radio.Group>
        )}
        {connection.state !== 'connected' && (
          <Checkbox
            label={`Do not ask ${crm}`}
            description="For an account that shut us out or is no more. What we made stays there; the receipt lists it."
            checked={withoutCrm}
            onChange={(event) => setWithoutCrm(event.currentTarget.checked)}
          />
        )}
        <div>
          <Text size="sm" fw={600}>
            And here
          </Text>
          <List size="sm">
            <List.Item>Our access to {crm} ends.</List.Item>
            <List.Item>What was read from it is deleted; customers of other connections stay.</List.Item>
            <List.Item>Records that are yours stay in {crm}.</List.Item>
          </List>
        </div>
        {plan.isLast && (
          <Alert color="red" title="This is the last connection">
            With it go all customers, segment sets, schedules and history. Download what you want to keep
            first.
          </Alert>
        )}
        <TextInput
          label="Type disconnect to confirm"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            Stay connected
          </Button>
          <Button type="submit" color="red" disabled={text !== 'disconnect'} loading={disconnect.isPending}>
            Disconnect
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

const KINDS: Record<string, [one: string, many: string]> = {
  property: ['field', 'fields'],
  primary: ['primary segment field', 'primary segment fields'],
  dynamic_list: ['list', 'lists'],
  manual_list: ['list that we fill', 'lists that we fill'],
  list_view: ['list view', 'list views'],
  campaign: ['campaign', 'campaigns'],
  why: ['field with reasons', 'fields with reasons'],
  changed: ['field with the day of change', 'fields with the day of change'],
  file: ['file', 'files'],
};

function describeTargets(targets: Plan['targets']): string {
  return Object.entries(targets)
    .map(([kind, count]) => {
      const words = kind.replaceAll('_', ' ');
      const [one, many] = KINDS[kind] ?? [words, words];
      return counted(count, one, many);
    })
    .join(', ');
}
