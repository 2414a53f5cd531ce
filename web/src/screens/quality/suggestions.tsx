import { Button, Card, Group, Stack, Text, Textarea, Title } from '@mantine/core';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { day } from '../../parts/figures.ts';
import { useChange } from '../../query.ts';
import { useMay } from '../../session.ts';
import type { Report } from './review.tsx';

/** What to change, with what speaks for it, for a person to decide. */
export function Suggestions({ report }: { report: Report }) {
  const { suggestions, decisions } = report;
  const mayEdit = useMay('edit');
  return (
    <Card withBorder component="section" aria-label="Suggestions">
      <Title order={2} size="h5" mb="xs">
        Suggestions
      </Title>
      <Stack gap="md">
        {suggestions.length === 0 && <Text size="sm">Nothing speaks for a change.</Text>}
        {suggestions.map(({ id, evidence, action, segments }) => (
          <div key={id}>
            <Text size="sm" fw={600}>
              {action}
            </Text>
            {evidence.map((sentence) => (
              <Text size="sm" key={sentence}>
                {sentence}
              </Text>
            ))}
            {mayEdit && <Decide report={report} suggestion={{ id, action, segments }} />}
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

type Suggestion = Pick<Report['suggestions'][number], 'id' | 'action' | 'segments'>;

/** Accepted: noted, and on to the segment that is to change. Dismissed: with the reason, for whoever asks again. */
function Decide({ report: { segmentation }, suggestion }: { report: Report; suggestion: Suggestion }) {
  const { id, action, segments } = suggestion;
  const [isDismissing, setIsDismissing] = useState(false);
  const [note, setNote] = useState('');
  const navigate = useNavigate();
  const [segment] = segments;
  const place = `/segment-sets/${segmentation}${segment === undefined ? '' : `?segment=${segment}`}`;
  const decide = useChange('POST /api/segmentations/:key/review/decisions', {
    done: 'Noted, with your name.',
  });
  const given = { params: { key: segmentation }, body: { suggestion: id } };
  if (isDismissing)
    return (
      <form
        onSubmit={(event) => {
          event.preventDefault();
          decide.mutate({ ...given, body: { ...given.body, decision: 'dismissed', note: note.trim() } });
        }}
      >
        <Stack gap={6} mt={6} maw={480}>
          <Textarea
            label="Why not"
            description="Kept with your name, for whoever asks again."
            required
            autoFocus
            autosize
            maxLength={500}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
          <Group gap="xs">
            <Button type="submit" size="compact-xs" loading={decide.isPending} disabled={note.trim() === ''}>
              Dismiss it
            </Button>
            <Button size="compact-xs" variant="default" onClick={() => setIsDismissing(false)}>
              Leave it open
            </Button>
          </Group>
        </Stack>
      </form>
    );
  return (
    <Group gap="xs" mt={6}>
      <Button
        size="compact-xs"
        variant="light"
        loading={decide.isPending}
        aria-label={`Accept and change it: ${action}`}
        onClick={() =>
          decide.mutate(
            { ...given, body: { ...given.body, decision: 'accepted' } },
            { onSuccess: () => navigate(place) },
          )
        }
      >
        Accept and change it
      </Button>
      <Button
        size="compact-xs"
        variant="default"
        aria-label={`Dismiss: ${action}`}
        onClick={() => setIsDismissing(true)}
      >
        Dismiss
      </Button>
    </Group>
  );
}
