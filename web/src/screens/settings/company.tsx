import { Button, Group, Select, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Answer } from '../../api.ts';
import { Read } from '../../parts/states.tsx';
import { useApi, useChange } from '../../query.ts';

type Tenant = Answer<'GET /api/tenant'>;

const MONTHS = Array.from({ length: 12 }, (_, month) => ({
  value: String(month + 1),
  label: new Date(2026, month, 1).toLocaleString('en', { month: 'long' }),
}));

/** The browser's own list lacks the plain UTC. */
const zonesWith = (zone: string) => [...new Set(['UTC', zone, ...Intl.supportedValuesOf('timeZone')])];

export function Company() {
  return <Read query={useApi('GET /api/tenant')}>{(tenant) => <Form tenant={tenant} />}</Read>;
}

function Form({ tenant }: { tenant: Tenant }) {
  const [name, setName] = useState(tenant.name);
  const [zone, setZone] = useState(tenant.zone);
  const [currency, setCurrency] = useState(tenant.currency);
  const [fiscalYearStart, setStart] = useState(tenant.fiscalYearStart);
  const change = useChange('PATCH /api/tenant', {
    done: 'Saved. The figures follow with the next run.',
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate({ body: { name, zone, currency, fiscalYearStart } });
      }}
    >
      <Stack>
        <TextInput
          label="Name"
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Select
          label="Time zone"
          description="Days of conditions, schedules and reports are counted in it."
          searchable
          allowDeselect={false}
          limit={100}
          data={zonesWith(tenant.zone)}
          value={zone}
          onChange={(value) => setZone(value ?? zone)}
        />
        <Select
          label="Currency"
          description="All revenue is shown in it; another one works out everybody’s revenue again, and removes the exchange rates that were given."
          searchable
          allowDeselect={false}
          limit={50}
          data={Intl.supportedValuesOf('currency')}
          value={currency}
          onChange={(value) => setCurrency(value ?? currency)}
        />
        <Select
          label="The fiscal year begins in"
          allowDeselect={false}
          data={MONTHS}
          value={String(fiscalYearStart)}
          onChange={(value) => setStart(Number(value ?? fiscalYearStart))}
        />
        <Group>
          <Button type="submit" loading={change.isPending}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
