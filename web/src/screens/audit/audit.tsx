import { Button, Group, Select, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconDownload } from '@tabler/icons-react';
import { useState } from 'react';
import { addressOf } from '../../api.ts';
import { ago, instant } from '../../parts/figures.ts';
import { useNames } from '../../parts/names.ts';
import { Page } from '../../parts/page.tsx';
import { Empty, Read } from '../../parts/states.tsx';
import { Rows } from '../../parts/table.tsx';
import { usePages } from '../../parts/use-pages.ts';
import { useApi } from '../../query.ts';
import { useMay, useSession } from '../../session.ts';
import { Difference } from './difference.tsx';
import { ACTION_KINDS, actionWords } from './words.ts';

/** Who changed what, when and from where, with the values before and after. */
export default function Audit() {
  const { tenant } = useSession();
  const mayAdminister = useMay('administer');
  const [actor, setActor] = useState('');
  const [action, setAction] = useState('');
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [asked] = useDebouncedValue({ actor: actor.trim(), action: action.trim(), from, to }, 300);
  const filter = {
    ...(asked.actor && { actor: asked.actor }),
    ...(asked.action && { action: asked.action }),
    ...(asked.from && { from: `${asked.from}T00:00:00Z` }),
    ...(asked.to && { to: dayAfter(asked.to) }),
  };
  const { query, more } = usePages('GET /api/audit', { query: filter });
  const names = useNames();
  // Targets and segment sets stand in the log by their keys.
  const targets = useApi('GET /api/waiting').data?.targets ?? [];
  const namesOf = (subject: string): string => {
    if (/^t\d+( t\d+)*$/.test(subject)) {
      const meant = subject.split(' ');
      return targets
        .filter(({ id }) => meant.includes(id))
        .map(({ what, connection }) => `${what} (${connection})`)
        .join(', ');
    }
    return /^[a-z0-9_]+(, [a-z0-9_]+)*$/.test(subject)
      ? subject.split(', ').map(names.set).join(', ')
      : subject;
  };
  return (
    <Page
      title="Audit"
      lead="What people and programs changed. The log names users, never customers, and is kept for good."
      actions={
        mayAdminister && (
          <Button
            component="a"
            variant="default"
            leftSection={<IconDownload size={16} />}
            href={addressOf('GET /api/audit.csv', { query: filter })}
          >
            As CSV
          </Button>
        )
      }
    >
      <Group align="flex-end">
        <TextInput
          label="Who"
          placeholder="ada@example.com"
          style={{ flex: '1 1 180px' }}
          value={actor}
          onChange={(event) => setActor(event.currentTarget.value)}
        />
        <Select
          label="About"
          placeholder="anything"
          style={{ flex: '1 1 160px' }}
          data={ACTION_KINDS}
          searchable
          clearable
          value={action || null}
          onChange={(chosen) => setAction(chosen ?? '')}
        />
        <TextInput
          label="From"
          type="date"
          value={from}
          onChange={(event) => setFrom(event.currentTarget.value)}
        />
        <TextInput
          label="Up to and with"
          type="date"
          value={to}
          onChange={(event) => setTo(event.currentTarget.value)}
        />
      </Group>
      <Read query={query} rows={8}>
        {(lines) => (
          <Rows
            name="Audit log"
            rows={lines}
            keyOf={({ id }) => id}
            more={more}
            empty={<Empty title="Nothing was done">No line of the log is of that kind and time.</Empty>}
            columns={[
              {
                head: 'When',
                cell: ({ at }) => (
                  <time title={ago(at)} style={{ whiteSpace: 'nowrap' }}>
                    {instant(at, tenant.zone)}
                  </time>
                ),
              },
              {
                head: 'Who',
                cell: ({ actor: who, origin }) => (
                  <div>
                    {who}
                    <Text size="xs" c="dimmed">
                      {origin ?? 'on the server itself'}
                    </Text>
                  </div>
                ),
              },
              {
                head: 'Did what',
                cell: ({ action: what, subject }) => (
                  <div>
                    <span title={what}>{actionWords(what)}</span>
                    <Text size="sm" c="dimmed" lineClamp={3} style={{ overflowWrap: 'anywhere' }}>
                      {namesOf(subject)}
                    </Text>
                  </div>
                ),
              },
              {
                head: 'What changed',
                width: '38%',
                cell: ({ before, after }) => <Difference before={before} after={after} zone={tenant.zone} />,
              },
            ]}
          />
        )}
      </Read>
    </Page>
  );
}

function dayAfter(day: string): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + 1);
  return date.toISOString();
}
