import { Anchor, Button, Card, Group, List, Text, ThemeIcon } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { Link } from 'react-router';
import type { Answer } from '../../api.ts';
import { useMay } from '../../session.ts';
import { RunNow } from '../runs/run-now.tsx';

type Home = Answer<'GET /api/home'>;

const STEPS: Record<Home['steps'][number]['key'], { name: string; why: string; to: string; action: string }> =
  {
    connect: {
      name: 'Connect a CRM',
      why: 'HubSpot or Salesforce. It is read first; nothing is written before you have seen it.',
      to: '/connections',
      action: 'Connect',
    },
    publish: {
      name: 'Choose segments',
      why: 'Begin with a template for your industry, or build your own.',
      to: '/segment-sets',
      action: 'See the templates',
    },
    run: {
      name: 'Run once',
      why: 'Reads the CRM and works out who is in which segment. Everything new is held.',
      to: '/runs',
      action: 'Runs',
    },
    release: {
      name: 'Look, and release',
      why: 'See each value that would be written, then let the next run write it.',
      to: '/waiting',
      action: 'See what waits',
    },
  };

/** The way from nothing to labels in the CRM; gone once it was walked. */
export function FirstSteps({ home }: { home: Home }) {
  const mayAct = useMay('edit');
  const next = home.steps.find(({ done }) => !done);
  if (!next) return null;
  return (
    <Card withBorder padding="lg">
      <Text component="h2" fw={650} size="lg" mb={4}>
        {home.connections.length === 0 ? 'Welcome. Four steps to the first labels' : 'Next step'}
      </Text>
      <List
        spacing="sm"
        mt="sm"
        maw={760}
        listStyleType="none"
        center={false}
        styles={{ itemWrapper: { display: 'flex', alignItems: 'flex-start' }, itemLabel: { flex: 1 } }}
      >
        {home.steps.map(({ key, done }, index) => {
          const { name, why, to, action } = STEPS[key];
          const isNext = key === next.key;
          return (
            <List.Item
              key={key}
              icon={
                <ThemeIcon
                  color={done ? 'teal' : isNext ? 'blue' : 'gray'}
                  variant="light"
                  radius="xl"
                  size={26}
                >
                  {done ? (
                    <IconCheck size={16} aria-label="done" />
                  ) : (
                    <Text span size="sm" fw={600} c="inherit">
                      {index + 1}
                    </Text>
                  )}
                </ThemeIcon>
              }
            >
              <Group gap="md" justify="space-between">
                <div style={{ flex: '1 1 240px' }}>
                  {done ? (
                    <Text c="dimmed">{name}</Text>
                  ) : (
                    <Anchor component={Link} to={to} fw={isNext ? 600 : 400}>
                      {name}
                    </Anchor>
                  )}
                  {!done && (
                    <Text size="sm" c="dimmed">
                      {why}
                    </Text>
                  )}
                </div>
                {isNext && mayAct && key === 'run' && <RunNow />}
                {isNext && mayAct && key !== 'run' && (
                  <Button component={Link} to={to} size="xs">
                    {action}
                  </Button>
                )}
              </Group>
            </List.Item>
          );
        })}
      </List>
    </Card>
  );
}
