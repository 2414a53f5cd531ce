import { Alert, Anchor, Button, Modal, SimpleGrid, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlugConnected } from '@tabler/icons-react';
import { Link, useSearchParams } from 'react-router';
import type { Answer } from '../../api.ts';
import { Page } from '../../parts/page.tsx';
import { Empty, Read } from '../../parts/states.tsx';
import { useApi } from '../../query.ts';
import { useMay } from '../../session.ts';
import { ConnectForm } from './connect-form.tsx';
import { ConnectionCard } from './connection-card.tsx';
import { Receipts } from './receipts.tsx';

export type Connection = Answer<'GET /api/connections'>['items'][number];

/** The connected CRM accounts, how they are, and what stands in their way. */
export default function Connections() {
  const query = useApi('GET /api/connections');
  const [params] = useSearchParams();
  const [isOpen, { open, close }] = useDisclosure(false);
  const mayAdminister = useMay('administer');
  const connect = mayAdminister && (
    <Button leftSection={<IconPlugConnected size={16} />} onClick={open}>
      Connect a CRM
    </Button>
  );
  return (
    <Page
      title="Connections"
      lead="The CRM accounts that Segment Sync reads from and writes to."
      actions={(query.data?.items.length ?? 0) > 0 && connect}
    >
      <Read query={query}>
        {({ items, systems }) => {
          const fresh = items.find(({ id }) => id === params.get('connected'));
          return (
            <Stack>
              {fresh && <Connected connection={fresh} isOnly={items.length === 1} />}
              {items.length === 0 ? (
                <Empty title="No CRM is connected yet" action={connect}>
                  {mayAdminister
                    ? 'You allow access on the CRM’s own page and come back here. Nothing is written there before you release it.'
                    : 'An admin of your company connects the first one here.'}
                </Empty>
              ) : (
                <SimpleGrid cols={{ base: 1, lg: items.length > 1 ? 2 : 1 }} style={{ alignItems: 'start' }}>
                  {items.map((connection) => (
                    <ConnectionCard
                      key={connection.id}
                      connection={connection}
                      isFresh={connection.id === fresh?.id}
                    />
                  ))}
                </SimpleGrid>
              )}
              {items.length > 1 && (
                <Text size="sm" c="dimmed">
                  Where connections disagree about a deal, the first of them counts; Edit changes their order.
                </Text>
              )}
              {mayAdminister && <Receipts />}
              <Modal opened={isOpen} onClose={close} title="Connect a CRM">
                <ConnectForm systems={systems} />
              </Modal>
            </Stack>
          );
        }}
      </Read>
    </Page>
  );
}

function Connected({ connection, isOnly }: { connection: Connection; isOnly: boolean }) {
  return (
    <Alert color="teal" title={`${connection.name} is connected`} role="status">
      <Text size="sm">
        The checklist below says whether anything stands in the way.{' '}
        {isOnly && 'Until you release it, nothing is written into the CRM. '}
        Next, look at{' '}
        <Anchor component={Link} to="/mapping?tab=revenue" size="sm" c="inherit" underline="always">
          what counts as revenue
        </Anchor>{' '}
        and start a run on{' '}
        <Anchor component={Link} to="/" size="sm" c="inherit" underline="always">
          Home
        </Anchor>
        .
      </Text>
    </Alert>
  );
}
