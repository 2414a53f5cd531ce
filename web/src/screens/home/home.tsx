import { Anchor, SimpleGrid, Stack } from '@mantine/core';
import { Link } from 'react-router';
import { Page } from '../../parts/page.tsx';
import { Read } from '../../parts/states.tsx';
import { useApi } from '../../query.ts';
import { useSession } from '../../session.ts';
import { RunNow } from '../runs/run-now.tsx';
import { Connections } from './connections.tsx';
import { FirstSteps } from './first-steps.tsx';
import { Needs } from './needs.tsx';
import { RunsCard } from './runs-card.tsx';
import { Segments } from './segments.tsx';

/** How things stand, and what needs somebody. */
export default function Home() {
  const { tenant } = useSession();
  const query = useApi('GET /api/home');
  const isConnected = (query.data?.connections.length ?? 0) > 0;
  return (
    <Page
      title="Home"
      lead={
        <>
          Days are counted in {tenant.zone}; revenue is in {tenant.currency}.
        </>
      }
      actions={isConnected && <RunNow />}
    >
      <Read query={query}>
        {(home) => (
          <Stack>
            <FirstSteps home={home} />
            <Needs needs={home.needs} />
            {isConnected && (
              <SimpleGrid cols={{ base: 1, md: 2 }}>
                <Connections connections={home.connections} />
                <RunsCard home={home} />
              </SimpleGrid>
            )}
            {home.segments.length > 0 ? (
              <Segments segments={home.segments} countedOn={home.countedOn} />
            ) : (
              isConnected && (
                <Anchor component={Link} to="/segment-sets" size="sm">
                  Segments show here after the first run
                </Anchor>
              )
            )}
          </Stack>
        )}
      </Read>
    </Page>
  );
}
