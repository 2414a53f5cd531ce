import { Card, Progress, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { count, share } from '../../parts/figures.ts';
import { Empty, Read, Way } from '../../parts/states.tsx';
import { Rows } from '../../parts/table.tsx';
import { useApi } from '../../query.ts';
import { Fixes } from './fixes.tsx';

const FIRST = 25;

const OBJECTS = { contact: 'contacts', company: 'companies', deal: 'deals' } as const;

/** The data as it came from the CRMs: too many records, unreadable and old values. */
export function Data() {
  const query = useApi('GET /api/quality');
  const [shown, setShown] = useState(FIRST);
  return (
    <Read query={query} rows={8}>
      {({ fixes, records, attributes }) =>
        records.length === 0 ? (
          <Empty title="No record was read yet" action={<Way to="/connections">See the connections</Way>}>
            The first run reads what the connected CRMs hold.
          </Empty>
        ) : (
          <Stack>
            <Card withBorder component="section" aria-label="What to mend first">
              <Fixes fixes={fixes} />
            </Card>
            <Card withBorder component="section" aria-label="Records">
              <Title order={2} size="h5" mb="xs">
                Records
              </Title>
              <Rows
                name="Records"
                rows={records}
                keyOf={({ connection, object }) => connection + object}
                columns={[
                  { head: 'Connection', cell: ({ name }) => name },
                  { head: 'Records of', cell: ({ object }) => OBJECTS[object] },
                  { head: 'In the CRM', isNumber: true, cell: ({ records: all }) => count(all) },
                  { head: 'Distinct', isNumber: true, cell: ({ subjects }) => count(subjects) },
                  { head: 'Duplicates', isNumber: true, cell: ({ duplicates }) => count(duplicates) },
                ]}
              />
            </Card>
            <Card withBorder component="section" aria-label="Values">
              <Title order={2} size="h5" mb="xs">
                Values
              </Title>
              <Text size="sm" c="dimmed" mb="xs">
                Least readable and least known first. Known: the share of records with a value. Fresh: the
                share of those values whose record changed within a year.
              </Text>
              <Rows
                name="Values"
                rows={[...attributes]
                  .sort((a, b) => b.invalid - a.invalid || (a.knownShare ?? 0) - (b.knownShare ?? 0))
                  .slice(0, shown)}
                keyOf={(one) => one.connection + one.object + one.attribute}
                more={
                  shown < attributes.length
                    ? { isLoading: false, load: () => setShown(attributes.length) }
                    : undefined
                }
                columns={[
                  {
                    head: 'Attribute',
                    cell: ({ name, object, property, problem }) => (
                      <>
                        {name}
                        <Text size="xs" c="dimmed">
                          {object}.{property}
                        </Text>
                        {problem && <Text size="xs">{problem}</Text>}
                      </>
                    ),
                  },
                  {
                    head: 'Connection',
                    cell: ({ connection }) =>
                      records.find((one) => one.connection === connection)?.name ?? connection,
                  },
                  {
                    head: 'Known',
                    cell: ({ name, knownShare }) => <Share name={`${name} known`} value={knownShare} />,
                  },
                  {
                    head: 'Unreadable',
                    isNumber: true,
                    cell: ({ invalid }) => (invalid === 0 ? '–' : count(invalid)),
                  },
                  { head: 'Fresh', isNumber: true, cell: ({ freshShare }) => told(freshShare) },
                ]}
              />
            </Card>
          </Stack>
        )
      }
    </Read>
  );
}

const told = (value: number | null) => (value === null ? '–' : share(value));

function Share({ name, value }: { name: string; value: number | null }) {
  if (value === null) return '–';
  return (
    <>
      <Text size="sm" style={{ fontVariantNumeric: 'tabular-nums' }}>
        {share(value)}
      </Text>
      <Progress size="xs" w={70} value={value * 100} aria-label={`${name}: ${share(value)}`} />
    </>
  );
}
