import { Alert, Badge, Stack, Text } from '@mantine/core';
import { instant } from '../../parts/figures.ts';
import { Rows } from '../../parts/table.tsx';
import { useSession } from '../../session.ts';
import type { Desk } from './use-draft.ts';

/** The versions that were in force, and what was learned last. */
export function Versions({ desk }: { desk: Desk }) {
  const { tenant } = useSession();
  return (
    <Stack>
      {desk.model && !desk.model.nobodyBecause && desk.model.warnings.length === 0 && (
        <Text size="sm" c="dimmed">
          Learned from the data {instant(desk.model.learnedAt, tenant.zone)}.
        </Text>
      )}
      {desk.model && (desk.model.nobodyBecause || desk.model.warnings.length > 0) && (
        <Alert
          color={desk.model.nobodyBecause ? 'yellow' : 'blue'}
          title={`Learned from the data ${instant(desk.model.learnedAt, tenant.zone)}`}
        >
          {desk.model.nobodyBecause && <Text size="sm">Nobody gets a label: {desk.model.nobodyBecause}</Text>}
          {desk.model.warnings.map((warning) => (
            <Text size="sm" key={warning}>
              {warning}
            </Text>
          ))}
        </Alert>
      )}
      <Rows
        name="Versions"
        keyOf={({ version }) => String(version)}
        rows={desk.versions}
        empty={<Text c="dimmed">Never published yet.</Text>}
        columns={[
          { head: 'Version', cell: ({ version }) => `Version ${version}` },
          {
            head: 'State',
            cell: ({ state }) => (
              <Badge variant="light" color={state === 'published' ? 'teal' : 'gray'}>
                {state === 'published' ? 'in force' : state}
              </Badge>
            ),
          },
          {
            head: 'Published',
            cell: ({ publishedAt }) => (publishedAt ? instant(publishedAt, tenant.zone) : ''),
          },
          { head: 'By', cell: ({ publishedBy }) => publishedBy },
        ]}
      />
    </Stack>
  );
}
