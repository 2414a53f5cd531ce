import {
  DescriptionList,
  DescriptionListItem,
  Flex,
  Heading,
  List,
  Tag,
  Text,
  Tile,
} from '@hubspot/ui-extensions';
import type { Label, Play, Segmentation } from './card-answer.ts';
import { dayOf } from './dates.ts';

/** One way to divide, with the labels that the record holds in it. */
export function SegmentationView({
  segmentation,
  timeZone,
}: {
  segmentation: Segmentation;
  timeZone: string;
}) {
  return (
    <Tile compact>
      <Flex direction="column" gap="medium">
        <Heading>{segmentation.name}</Heading>
        {segmentation.labels.map((label) => (
          <LabelView key={label.key} label={label} timeZone={timeZone} />
        ))}
      </Flex>
    </Tile>
  );
}

function LabelView({ label, timeZone }: { label: Label; timeZone: string }) {
  return (
    <Flex direction="column" gap="extra-small">
      <Flex align="center" gap="small" wrap>
        <Tag variant="success">{label.name}</Tag>
        {label.since !== null && <Text variant="microcopy">since {dayOf(label.since, timeZone)}</Text>}
      </Flex>
      {label.why.length > 0 && (
        <List variant="unordered-styled">
          {label.why.map((sentence) => (
            <Text key={sentence}>{sentence}</Text>
          ))}
        </List>
      )}
      {label.play !== null && <PlayView play={label.play} />}
    </Flex>
  );
}

const PLAY_WORDS = [
  ['message', 'What to say'],
  ['offer', 'Offer'],
  ['channel', 'Channel'],
  ['owner', 'Who'],
] as const;

function PlayView({ play }: { play: Play }) {
  const known = PLAY_WORDS.flatMap(([field, words]) => {
    const value = play[field];
    return value === undefined || value === '' ? [] : [{ field, words, value }];
  });
  if (known.length === 0) return null;
  return (
    <DescriptionList direction="row">
      {known.map(({ field, words, value }) => (
        <DescriptionListItem key={field} label={words}>
          <Text>{value}</Text>
        </DescriptionListItem>
      ))}
    </DescriptionList>
  );
}
