import { Accordion, Badge, Button, Card, Group, List, Text, Title } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { type Answer, addressOf } from '../../api.ts';
import { counted, day } from '../../parts/figures.ts';
import { Empty, Read } from '../../parts/states.tsx';
import { Rows } from '../../parts/table.tsx';
import { useApi } from '../../query.ts';

type Activity = Answer<'GET /api/privacy/record'>['activities'][number];

/** The record that GDPR article 30 asks for, as it stands at this moment. */
export function ProcessingRecord() {
  const query = useApi('GET /api/privacy/record');
  return (
    <Card withBorder component="section" aria-label="Record of processing">
      <Group justify="space-between" mb="xs">
        <div>
          <Title order={2} size="h5">
            Record of processing
          </Title>
          <Text size="sm" c="dimmed">
            Written from the published segment sets (GDPR article 30).
          </Text>
        </div>
        <Button
          component="a"
          size="xs"
          variant="default"
          leftSection={<IconDownload size={14} />}
          href={addressOf('GET /api/privacy/record.md')}
        >
          As a page
        </Button>
      </Group>
      <Read query={query}>
        {({ activities }) =>
          activities.length === 0 ? (
            <Empty title="No segment set is published yet" />
          ) : (
            <Accordion variant="separated" chevronPosition="left" order={3}>
              {activities.map((activity) => (
                <Accordion.Item key={activity.key} value={activity.key}>
                  <Accordion.Control>
                    <Group gap="xs">
                      {activity.name}
                      {activity.warnings.length > 0 && (
                        <Badge variant="light" color="yellow" tt="none">
                          {counted(activity.warnings.length, 'thing')} to look at
                        </Badge>
                      )}
                    </Group>
                  </Accordion.Control>
                  <Accordion.Panel>
                    <Facts activity={activity} />
                  </Accordion.Panel>
                </Accordion.Item>
              ))}
            </Accordion>
          )
        }
      </Read>
    </Card>
  );
}

function Facts({ activity }: { activity: Activity }) {
  const missing = 'not written down';
  const rows: [string, string][] = [
    ['Purpose', activity.purpose ?? missing],
    ['Lawful basis (article 6)', activity.lawfulBasis ?? missing],
    [
      'Used for',
      activity.needsPerson ? `${activity.use}: price, credit or access; a person decides` : activity.use,
    ],
    ['Responsible', activity.responsible ?? missing],
    [
      'Decided by',
      `${activity.decidedBy ?? 'unknown'}${activity.inForceSince ? `, ${day(activity.inForceSince)}` : ''} (version ${activity.version})`,
    ],
    ['Whose data', activity.subjects],
    ['Segments', activity.segments.map(({ name }) => name).join(', ')],
    [
      'Data',
      activity.attributes
        .map(({ name, sensitivity }) => (sensitivity === 'normal' ? name : `${name} (${sensitivity})`))
        .join(', ') || 'deals only',
    ],
    [
      'Sensitive data',
      activity.sensitive
        .map(({ attribute, basis }) => `${attribute}: ${basis ? basis.article : 'no lawful basis on record'}`)
        .join('; ') || 'none',
    ],
    [
      'Written to',
      activity.recipients
        .map(({ connection, kind, state }) => `${connection}: ${kind.replaceAll('_', ' ')} (${state})`)
        .join('; ') || 'nowhere',
    ],
  ];
  return (
    <>
      {activity.warnings.length > 0 && (
        <List size="sm" mb="sm">
          {activity.warnings.map(({ message, action }) => (
            <List.Item key={message}>
              {message} {action}
            </List.Item>
          ))}
        </List>
      )}
      <Rows
        name={`Record of ${activity.name}`}
        rows={rows}
        keyOf={([name]) => name}
        columns={[
          { head: 'What', cell: ([name]) => name },
          { head: 'How it is', cell: ([, value]) => value },
        ]}
      />
    </>
  );
}
