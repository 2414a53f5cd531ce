import { Card, List, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { counted } from '../../parts/figures.ts';
import { Page } from '../../parts/page.tsx';
import { Read } from '../../parts/states.tsx';
import { Rows } from '../../parts/table.tsx';
import { useApi } from '../../query.ts';
import { useMay } from '../../session.ts';
import { ProcessingRecord } from './processing-record.tsx';
import { Requests } from './requests.tsx';
import { Sensitive } from './sensitive.tsx';

/** What is done with people's data, and how to answer those who ask. */
export default function Privacy() {
  const query = useApi('GET /api/privacy');
  const mayAdminister = useMay('administer');
  return (
    <Page title="Privacy" lead="What is kept of people, who is left out, and what to do when somebody asks.">
      <Read query={query} rows={8}>
        {(privacy) => (
          <Stack>
            {mayAdminister && <Requests />}
            <SimpleGrid cols={{ base: 1, md: 2 }} style={{ alignItems: 'start' }}>
              <Card withBorder component="section" aria-label="Who is left out">
                <Title order={2} size="h5" mb="xs">
                  Who is always left out
                </Title>
                <List size="sm" spacing={4}>
                  {privacy.gates.map((gate) => (
                    <List.Item key={gate}>{gate}</List.Item>
                  ))}
                </List>
                <Text size="sm" mt="sm" c="dimmed">
                  {privacy.suppressed === 0
                    ? 'Nobody was erased so far.'
                    : `${counted(privacy.suppressed, 'address or record', 'addresses and records')} on the list of those who must not come back; the list names nobody: it holds codes by which they are known again.`}
                </Text>
              </Card>
              <Card withBorder component="section" aria-label="Retention">
                <Title order={2} size="h5" mb="xs">
                  How long things are kept
                </Title>
                <Rows
                  name="Retention"
                  rows={privacy.retention}
                  keyOf={({ what }) => what}
                  columns={[
                    { head: 'What', cell: ({ what }) => what },
                    { head: 'How long', cell: ({ howLong }) => howLong },
                  ]}
                />
              </Card>
            </SimpleGrid>
            <Sensitive privacy={privacy} />
            <ProcessingRecord />
          </Stack>
        )}
      </Read>
    </Page>
  );
}
