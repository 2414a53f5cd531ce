import { Badge, Group, List, Progress, Stack, Table, Text } from '@mantine/core';
import { count, share } from '../../../parts/figures.ts';
import { type PictureOf, rounded } from './picture.ts';
import { ScoreHistogram } from './score-histogram.tsx';

const VERDICTS = {
  useful: ['teal', 'tells won from lost'],
  no_better_than_chance: ['red', 'no better than chance'],
  unknown: ['gray', 'not checked: too few cases'],
} as const;

/** Points per value, what they were learned from, and how well they do on cases that were not seen. */
export function Scorecard({ picture }: { picture: PictureOf<'scorecard'> | PictureOf<'lookalike'> }) {
  const { card, cases, won, use, profile } = picture;
  const isLookalike = picture.method === 'lookalike';
  const [colour, told] = VERDICTS[card?.verdict ?? 'unknown'];
  const verdict = isLookalike && card?.verdict === 'useful' ? 'tells members from others' : told;
  return (
    <Stack gap="sm">
      <Group gap={8}>
        <Text size="sm" fw={600}>
          {isLookalike
            ? `Learned from ${count(won)} members of the segment against ${count(cases - won)} others`
            : `Learned from ${count(cases)} cases, ${count(won)} of them won`}
        </Text>
        <Badge variant="light" color={colour}>
          {use === 'by_hand' ? 'points by hand' : verdict}
        </Badge>
      </Group>
      {card?.auc && (
        <Text size="xs" c="dimmed">
          {isLookalike
            ? 'Of a member and somebody else, the member gets more points in '
            : 'Of a won and a lost case, the won one gets more points in '}
          {share(card.auc.value)} ({share(card.auc.low)} to {share(card.auc.high)}).
          {card.liftTop10 !== null &&
            ` The best tenth ${isLookalike ? 'are members' : 'wins'} ${rounded(card.liftTop10)} times as often as all.`}
        </Text>
      )}
      {profile.length > 0 && (
        <div>
          <Text size="sm" fw={600}>
            What {isLookalike ? 'members' : 'won cases'} have more or less often than the others
          </Text>
          <List size="sm" mt={4} spacing={2}>
            {profile.map((line) => (
              <List.Item key={line}>{line}</List.Item>
            ))}
          </List>
        </div>
      )}
      {card && <Points card={card} head={isLookalike ? 'Members of all' : 'Won of all'} />}
      <ScoreHistogram title="How points are spread" bins={picture.bins} cuts={picture.cuts} />
    </Stack>
  );
}

function Points({ card, head }: { card: NonNullable<PictureOf<'scorecard'>['card']>; head: string }) {
  const most = Math.max(
    1,
    ...card.attributes.flatMap(({ bins }) => bins.map(({ points }) => Math.abs(points))),
  );
  return (
    <Table.ScrollContainer minWidth={460}>
      <Table aria-label="Points" verticalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Attribute</Table.Th>
            <Table.Th>Value</Table.Th>
            <Table.Th ta="right">Points</Table.Th>
            <Table.Th w={120}>
              <span aria-hidden />
            </Table.Th>
            <Table.Th ta="right">{head}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {card.attributes.flatMap(({ name, reading, bins }) =>
            bins.map((bin, index) => (
              <Table.Tr key={`${name}${bin.test}`}>
                <Table.Td>
                  {index === 0 && (
                    <>
                      <Text size="sm" fw={600}>
                        {name}
                      </Text>
                      <Text size="xs" c="dimmed">
                        {reading}
                      </Text>
                    </>
                  )}
                </Table.Td>
                <Table.Td>
                  <Text size="sm" maw={240} lineClamp={2}>
                    {bin.test}
                  </Text>
                </Table.Td>
                <Table.Td ta="right">{rounded(bin.points)}</Table.Td>
                <Table.Td>
                  <Progress
                    value={(Math.abs(bin.points) / most) * 100}
                    color={bin.points >= 0 ? 'teal' : 'red'}
                    size={8}
                    aria-hidden
                  />
                </Table.Td>
                <Table.Td ta="right">
                  {count(bin.won)} of {count(bin.won + bin.lost)}
                </Table.Td>
              </Table.Tr>
            )),
          )}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
