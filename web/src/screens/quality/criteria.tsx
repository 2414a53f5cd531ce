import { Anchor, Badge, Card, Modal, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { Rows } from '../../parts/table.tsx';
import type { Report } from './review.tsx';

type Judged = Report['review']['segments'][number];
type Criterion = Judged['criteria'][number];

const ASKS: Record<Criterion['criterion'], string> = {
  measurable: 'Measurable',
  substantial: 'Substantial',
  accessible: 'Accessible',
  differentiable: 'Differentiable',
  actionable: 'Actionable',
};

const VERDICTS: Record<Criterion['verdict'], { says: string; color: string }> = {
  yes: { says: 'yes', color: 'teal' },
  partly: { says: 'partly', color: 'yellow' },
  no: { says: 'no', color: 'red' },
  unknown: { says: 'not known', color: 'gray' },
};

/** Each segment by the five criteria; the evidence is one click away. */
export function Criteria({ review }: { review: Report['review'] }) {
  const [opened, setOpened] = useState<Judged | null>(null);
  const names = review.segments[0]?.criteria.map(({ criterion }) => criterion) ?? [];
  return (
    <Card withBorder component="section" aria-label="Criteria">
      <Title order={2} size="h5" mb="xs">
        Is each segment a good one?
      </Title>
      <Rows
        name="Segments by criteria"
        rows={review.segments}
        keyOf={({ segment }) => segment}
        columns={[
          {
            head: 'Segment',
            cell: (judged) => (
              <Anchor component="button" type="button" size="sm" onClick={() => setOpened(judged)}>
                {judged.name}
              </Anchor>
            ),
          },
          ...names.map((name) => ({
            head: ASKS[name],
            cell: ({ criteria }: Judged) => (
              <Verdict verdict={criteria.find(({ criterion }) => criterion === name)?.verdict ?? 'unknown'} />
            ),
          })),
        ]}
      />
      <Modal opened={opened !== null} onClose={() => setOpened(null)} title={opened?.name} size="lg">
        <Stack gap="sm">
          {opened?.criteria.map(({ criterion, verdict, evidence }) => (
            <div key={criterion}>
              <Text size="sm" fw={600} component="div">
                {ASKS[criterion]}: <Verdict verdict={verdict} />
              </Text>
              <Text size="sm">{evidence}</Text>
            </div>
          ))}
        </Stack>
      </Modal>
    </Card>
  );
}

function Verdict({ verdict }: { verdict: Criterion['verdict'] }) {
  const { says, color } = VERDICTS[verdict];
  return (
    <Badge variant="light" tt="none" color={color}>
      {says}
    </Badge>
  );
}
