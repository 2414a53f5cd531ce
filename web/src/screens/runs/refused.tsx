import { Alert, Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { IconExternalLink, IconRefresh } from '@tabler/icons-react';
import { Link } from 'react-router';
import { ago, counted } from '../../parts/figures.ts';
import { Empty, Read } from '../../parts/states.tsx';
import { Rows } from '../../parts/table.tsx';
import { usePages } from '../../parts/use-pages.ts';
import { useApi, useChange } from '../../query.ts';
import { useMay } from '../../session.ts';

/** Records that a CRM does not take, by its reason and one by one. */
export function Refused({ run, refused = 0 }: { run?: string; refused?: number }) {
  const reasons = useApi('GET /api/refused', { query: { limit: '1' } });
  const { query, more } = usePages('GET /api/refused', { query: { ...(run && { run }) } });
  const retry = useChange('POST /api/refused/retry', {
    done: ({ values }) => `${counted(values, 'value')} will be tried again in the run that is under way.`,
  });
  const mayRetry = useMay('edit');
  return (
    <Stack>
      {!run && (
        <Read query={reasons} rows={2}>
          {({ reasons: groups }) => (
            <Stack gap="xs">
              {groups.map((group) => (
                <Alert
                  key={`${group.connectionId} ${group.object} ${group.code}`}
                  color="orange"
                  title={`${group.connection}: ${counted(group.records, `${group.object} record`)} refused, the first ${ago(group.since)}`}
                >
                  <Text size="sm">{group.message}</Text>
                  <Group justify="space-between" mt={4}>
                    <Text size="sm">
                      Mend the records in the CRM, or change its rule. Each run tries them again by itself.
                    </Text>
                    {mayRetry && (
                      <Button
                        size="xs"
                        variant="default"
                        leftSection={<IconRefresh size={14} />}
                        loading={retry.isPending}
                        onClick={() =>
                          retry.mutate({ body: { connectionId: group.connectionId, code: group.code } })
                        }
                      >
                        Try these now
                      </Button>
                    )}
                  </Group>
                </Alert>
              ))}
            </Stack>
          )}
        </Read>
      )}
      <Read query={query}>
        {(rows) => (
          <Rows
            name="Refused records"
            rows={rows}
            keyOf={(row) => `${row.connectionId} ${row.object} ${row.record} ${row.target}`}
            more={more}
            empty={
              refused > 0 ? (
                <Empty title="Nothing is refused any more">
                  The CRM did not take {counted(refused, 'value')} of this run; later runs wrote them, or they
                  are no longer due.
                </Empty>
              ) : (
                <Empty title="Nothing is refused">
                  The CRMs took every value. A record that one does not take is listed here with its reason,
                  and never holds up the others.
                </Empty>
              )
            }
            columns={[
              {
                head: 'Customer',
                cell: (row) =>
                  row.customerId ? (
                    <Anchor
                      component={Link}
                      size="sm"
                      to={`/customers/${row.object === 'company' ? 'company' : 'person'}/${row.customerId}`}
                    >
                      {row.customer ?? row.record}
                    </Anchor>
                  ) : (
                    (row.customer ?? row.record)
                  ),
              },
              { head: 'Record', cell: (row) => <RecordLink {...row} /> },
              { head: 'What', cell: (row) => row.what },
              { head: 'Value', cell: (row) => row.value.join(', ') || 'none' },
              { head: 'The CRM says', cell: (row) => row.message },
              { head: 'Tries', isNumber: true, cell: (row) => row.tries },
            ]}
          />
        )}
      </Read>
    </Stack>
  );
}

/** The record in its CRM, in a tab of its own. */
export function RecordLink({
  connection,
  record,
  link,
}: {
  connection: string;
  record: string;
  link: string | null;
}) {
  return (
    <div>
      {link === null ? (
        <Text size="sm">{record}</Text>
      ) : (
        <Anchor href={link} target="_blank" rel="noreferrer" size="sm">
          {record} <IconExternalLink size={12} aria-label="opens in the CRM" />
        </Anchor>
      )}
      <Text size="xs" c="dimmed" truncate maw={180}>
        {connection}
      </Text>
    </div>
  );
}
