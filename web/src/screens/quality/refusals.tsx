import { Anchor, Button, Stack, Text } from '@mantine/core';
import { Link } from 'react-router';
import { ago, count } from '../../parts/figures.ts';
import { Empty, Read } from '../../parts/states.tsx';
import { Rows } from '../../parts/table.tsx';
import { useApi, useChange } from '../../query.ts';
import { useMay } from '../../session.ts';

/** What a CRM does not take, by its own rule: one line to mend for many records. */
export function Refusals() {
  const query = useApi('GET /api/refused', { query: { limit: '1' } });
  const mayEdit = useMay('edit');
  const retry = useChange('POST /api/refused/retry', { done: 'A run tries them again.' });
  return (
    <Read query={query}>
      {({ reasons }) => (
        <Stack>
          <Rows
            name="Refused, by the CRM’s rule"
            rows={reasons}
            keyOf={({ connectionId, object, code, message }) =>
              [connectionId, object, code, message].join('\n')
            }
            empty={<Empty title="Nothing is refused">The CRMs took all that was written.</Empty>}
            columns={[
              {
                head: 'The CRM’s rule',
                cell: ({ message, code }) => (
                  <>
                    {message}
                    <Text size="xs" c="dimmed">
                      {code}
                    </Text>
                  </>
                ),
              },
              { head: 'Connection', cell: ({ connection }) => connection },
              { head: 'Of', cell: ({ object }) => object },
              { head: 'Records', isNumber: true, cell: ({ records }) => count(records) },
              { head: 'Since', cell: ({ since }) => ago(since) },
              ...(mayEdit
                ? [
                    {
                      head: 'Change',
                      cell: ({ connectionId, code, message }: (typeof reasons)[number]) => (
                        <Button
                          size="compact-xs"
                          variant="default"
                          aria-label={`Try again: ${message}`}
                          disabled={retry.isPending}
                          onClick={() => retry.mutate({ body: { connectionId, code } })}
                        >
                          Try again
                        </Button>
                      ),
                    },
                  ]
                : []),
            ]}
          />
          {reasons.length > 0 && (
            <Anchor component={Link} to="/runs/refused" size="sm">
              The records, one by one
            </Anchor>
          )}
        </Stack>
      )}
    </Read>
  );
}
