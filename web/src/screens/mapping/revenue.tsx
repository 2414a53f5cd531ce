import { Accordion, Badge, Button, Card, Group, MultiSelect, Radio, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import type { Answer } from '../../api.ts';
import { useAsk } from '../../ask.ts';
import { count, counted, money } from '../../parts/figures.ts';
import { NoCrm, Read } from '../../parts/states.tsx';
import { Rows } from '../../parts/table.tsx';
import { useApi, useChange } from '../../query.ts';
import { Rates } from './rates.tsx';

type Connection = Answer<'GET /api/revenue'>['connections'][number];
type Setting = Connection['setting'];
type Line = Connection['lines'][number];

/** What counts as revenue: the deals that there are, and what each kind of them is taken for. */
export function Revenue() {
  const query = useApi('GET /api/revenue');
  return (
    <Read query={query} rows={8}>
      {({ connections, unknownRates }) =>
        connections.length === 0 ? (
          <NoCrm>Its pipelines and stages show here, to say which deals count as revenue.</NoCrm>
        ) : (
          <Stack>
            <Rates missing={unknownRates} />
            {connections.map((connection) => (
              <OfConnection key={connection.id} connection={connection} />
            ))}
          </Stack>
        )
      }
    </Read>
  );
}

function OfConnection({ connection }: { connection: Connection }) {
  const [setting, setSetting] = useState<Setting>(connection.setting);
  const isChanged = JSON.stringify(setting) !== JSON.stringify(connection.setting);
  const preview = useAsk(
    'POST /api/connections/:id/revenue/preview',
    { params: { id: connection.id }, body: setting },
    { enabled: isChanged },
  );
  const save = useChange('PUT /api/connections/:id/revenue', {
    done: 'Saved. The next run works out everybody’s revenue again.',
  });
  const { names } = connection;
  const shown = (isChanged && preview.data) || connection;
  const set = (part: Partial<Setting>) => setSetting({ ...setting, ...part });
  return (
    <Card withBorder component="section" aria-label={connection.name}>
      <Stack>
        <Group justify="space-between" align="flex-start">
          <Title order={2} size="h5">
            {connection.name}
          </Title>
          <Sums sums={shown.sums} />
        </Group>
        {connection.lines.length === 0 ? (
          <Text size="sm" c="dimmed">
            No deal was read yet: start a run first.
          </Text>
        ) : (
          <>
            <Lines of={connection.name} lines={shown.lines} names={names} />
            <Accordion variant="contained" order={3}>
              <Accordion.Item value="change">
                <Accordion.Control>Change what counts</Accordion.Control>
                <Accordion.Panel>
                  <Stack>
                    <Radio.Group
                      label="A won deal is"
                      value={setting.kind}
                      onChange={(kind) => set({ kind: kind === 'subscriptions' ? 'subscriptions' : 'deals' })}
                    >
                      <Stack gap={6} mt={6}>
                        <Radio value="deals" label="A sale" />
                        <Radio value="subscriptions" label="A subscription, whose amount recurs" />
                      </Stack>
                    </Radio.Group>
                    <Only
                      label="Only these pipelines or record types"
                      values={connection.lines.map(({ pipeline }) => pipeline)}
                      names={names.pipelines}
                      chosen={setting.pipelines}
                      onChange={(pipelines) => setSetting(withOptional(setting, 'pipelines', pipelines))}
                    />
                    <Only
                      label="Stages that mean won, where the CRM’s own flag is not to be believed"
                      values={connection.lines.map(({ stage }) => stage)}
                      names={names.stages}
                      chosen={setting.wonStages}
                      onChange={(stages) => setSetting(withOptional(setting, 'wonStages', stages))}
                    />
                    <Only
                      label="Only these deal types"
                      values={connection.lines.map(({ dealType }) => dealType)}
                      names={names.dealTypes}
                      chosen={setting.dealTypes}
                      onChange={(types) => setSetting(withOptional(setting, 'dealTypes', types))}
                    />
                    <Only
                      label="Deal types that are refunds"
                      values={connection.lines.map(({ dealType }) => dealType)}
                      names={names.dealTypes}
                      chosen={setting.refunds.dealTypes}
                      onChange={(dealTypes) =>
                        set({ refunds: { policy: setting.refunds.policy, ...(dealTypes && { dealTypes }) } })
                      }
                    />
                    <Radio.Group
                      label="Refunds"
                      value={setting.refunds.policy}
                      onChange={(policy) =>
                        set({
                          refunds: {
                            ...setting.refunds,
                            policy: policy === 'ignore' ? 'ignore' : 'subtract',
                          },
                        })
                      }
                    >
                      <Group mt={6}>
                        <Radio value="subtract" label="Are taken off revenue" />
                        <Radio value="ignore" label="Are left out" />
                      </Group>
                    </Radio.Group>
                    <Group>
                      <Button
                        disabled={!isChanged}
                        loading={save.isPending}
                        onClick={() => save.mutate({ params: { id: connection.id }, body: setting })}
                      >
                        Save
                      </Button>
                      {isChanged && (
                        <Button variant="default" onClick={() => setSetting(connection.setting)}>
                          Leave it as it was
                        </Button>
                      )}
                    </Group>
                  </Stack>
                </Accordion.Panel>
              </Accordion.Item>
            </Accordion>
          </>
        )}
      </Stack>
    </Card>
  );
}

/** Nothing chosen leaves nothing out, and stands as absent. */
function withOptional(
  setting: Setting,
  name: 'pipelines' | 'wonStages' | 'dealTypes',
  chosen: string[] | undefined,
): Setting {
  const { [name]: _, ...rest } = setting;
  return chosen ? { ...rest, [name]: chosen } : rest;
}

/** As the CRM calls it, else as it is. */
const called = (names: Record<string, string>, value: string): string => names[value] ?? value;

function Only({
  label,
  values,
  names,
  chosen,
  onChange,
}: {
  label: string;
  values: (string | null)[];
  names: Record<string, string>;
  chosen: string[] | undefined;
  onChange: (chosen: string[] | undefined) => void;
}) {
  const all = [...new Set([...values.filter((value) => value !== null), ...(chosen ?? [])])].sort();
  if (all.length === 0) return null;
  // Two pipelines may each have a stage of one name.
  const isShared = (value: string) =>
    all.some((other) => other !== value && called(names, other) === called(names, value));
  return (
    <MultiSelect
      label={label}
      placeholder={chosen ? undefined : 'As the CRM has it'}
      clearable
      data={all.map((value) => ({
        value,
        label: isShared(value) ? `${called(names, value)} (${value})` : called(names, value),
      }))}
      value={chosen ?? []}
      onChange={(next) => onChange(next.length > 0 ? next : undefined)}
    />
  );
}

function Sums({ sums }: { sums: Connection['sums'] }) {
  return (
    <Text size="sm" role="status">
      {sums.length === 0
        ? 'Nothing counts as revenue.'
        : sums
            .map(
              ({ currency, deals, amount }) =>
                `${money(Number(amount), currency)} of ${counted(deals, 'deal')}`,
            )
            .join('; ')}
    </Text>
  );
}

const COUNTS_AS: Record<Line['countsAs'], { says: string; color: string }> = {
  revenue: { says: 'revenue', color: 'teal' },
  refund: { says: 'refund', color: 'orange' },
  not_won: { says: 'not won', color: 'gray' },
  left_out: { says: 'left out', color: 'gray' },
};

function Lines({ of: connection, lines, names }: { of: string; lines: Line[]; names: Connection['names'] }) {
  const cell = (of: Record<string, string>, value: string | null) =>
    value === null ? '–' : called(of, value);
  return (
    <Rows
      name={`Deals of ${connection}`}
      rows={lines}
      keyOf={(line) => [line.pipeline, line.stage, line.dealType, String(line.won), line.currency].join('\n')}
      columns={[
        { head: 'Pipeline', cell: ({ pipeline }) => cell(names.pipelines, pipeline) },
        { head: 'Stage', cell: ({ stage }) => cell(names.stages, stage) },
        { head: 'Type', cell: ({ dealType }) => cell(names.dealTypes, dealType) },
        {
          head: 'Counts as',
          cell: (line) => (
            <Badge variant="light" tt="none" color={COUNTS_AS[line.countsAs].color}>
              {COUNTS_AS[line.countsAs].says}
            </Badge>
          ),
        },
        { head: 'Deals', isNumber: true, cell: ({ deals }) => count(deals) },
        {
          head: 'Sum',
          isNumber: true,
          cell: ({ amount, currency }) => money(Number(amount), currency),
        },
      ]}
    />
  );
}
