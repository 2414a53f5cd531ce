import { Anchor, Button, Card, Group, Stack, Text, Title } from '@mantine/core';
import { Link } from 'react-router';
import { day } from '../../parts/figures.ts';
import { useChange } from '../../query.ts';
import { useMay } from '../../session.ts';
import type { Report } from './review.tsx';

/** What to change, with what speaks for it, for a person to decide. */
export function Suggestions({ report }: { report: Report }) {
  const { segmentation, suggestions, decisions } = report;
  const mayEdit = useMay('edit');
  const decide = useChange('POST /api/segmentations/:key/review/decisions', {
    done: 'Noted, with your name.',
  });
  return (
    <Card withBorder component="section" aria-label="Suggestions">
      <Title order={2} size="h5" mb="xs">
        Suggestions
      </Title>
      <Stack gap="md">
        {suggestions.length === 0 && <Text size="sm">Nothing speaks for a change.</Text>}
        {suggestions.map(({ id, evidence, action }) => (
          <div key={id}>
            <Text size="sm" fw={600}>
              {action}
            </Text>
            {evidence.map((sentence) => (
              <Text size="sm" key={sentence}>
                {sentence}
              </Text>
            ))}
            {mayEdit && (
              <Group gap="xs" mt={6}>
                {(['accepted', 'dismissed'] as const).map((decision) => (
                  <Button
                    key={decision}
                    size="compact-xs"
                    variant={decision === 'accepted' ? 'light' : 'default'}
                    disabled={decide.isPending}
                    aria-label={`${decision === 'accepted' ? 'Accept' : 'Dismiss'}: ${action}`}
                    onClick={() =>
                      decide.mutate({ params: { key: segmentation }, body: { suggestion: id, decision } })
                    }
                  >
                    {decision === 'accepted' ? 'Accept' : 'Dismiss'}
                  </Button>
                ))}
                <Anchor component={Link} to={`/segment-sets/${segmentation}`} size="sm">
                  Change the segment set
                </Anchor>
              </Group>
            )}
          </div>
        ))}
        {decisions.length > 0 && (
          <Text size="sm" c="dimmed" component="div">
            {decisions.slice(0, 5).map(({ suggestion, decision, by, at, note }) => (
              <div key={suggestion.id + at}>
                {day(at)}: {decision} by {by}: {suggestion.action} {note && `(${note})`}
              </div>
            ))}
          </Text>
        )}
      </Stack>
    </Card>
  );
}
