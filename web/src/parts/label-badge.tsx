import { Badge, Group } from '@mantine/core';
import { Link } from 'react-router';

export type LabelName = { segmentation: string; segment: string; name: string };

/** A label that leads to its segment. */
export function LabelBadge({ segmentation, segment, name }: LabelName) {
  return (
    <Badge
      component={Link}
      to={`/segments/${segmentation}/${segment}`}
      variant="light"
      tt="none"
      style={{ cursor: 'pointer' }}
    >
      {name}
    </Badge>
  );
}

export function LabelBadges({ labels }: { labels: LabelName[] }) {
  return (
    <Group gap={4}>
      {labels.map((label) => (
        <LabelBadge key={`${label.segmentation}.${label.segment}`} {...label} />
      ))}
    </Group>
  );
}
