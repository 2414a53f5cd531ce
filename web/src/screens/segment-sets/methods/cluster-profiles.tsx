import { Accordion, Badge, Box, Card, Group, SimpleGrid, Stack, Table, Text, Tooltip } from '@mantine/core';
import { count, share } from '../../../parts/figures.ts';
import type { Draft } from '../use-draft.ts';
import { type PictureOf, rounded } from './picture.ts';

/** What each group is like, and whether the grouping is good; the figures behind it are one click away. */
export function ClusterProfiles({ picture, draft }: { picture: PictureOf<'clusters'>; draft: Draft }) {
  const isGood = picture.grouping === 'good';
  const nameOf = (key: string) => draft.definition.segments.find((one) => one.key === key)?.name ?? key;
  return (
    <Stack gap="sm">
      <Group gap={8}>
        <Text size="sm" fw={600}>
          {picture.chosen} groups among {count(picture.customers)} customers
        </Text>
        <Badge color={isGood ? 'teal' : 'yellow'} variant="light">
          {isGood ? 'good grouping' : 'weak grouping'}
        </Badge>
      </Group>
      <Text size="xs" c="dimmed">
        {isGood
          ? 'The groups stand apart: naming them says something about customers.'
          : 'The groups run into one another: tiers or rules may say more.'}
      </Text>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        {picture.groups.map((group) => (
          <Card
            withBorder
            padding="sm"
            key={group.segment}
            component="section"
            aria-label={nameOf(group.segment)}
          >
            <Group justify="space-between" wrap="nowrap">
              <Text fw={600}>{nameOf(group.segment)}</Text>
              <Text size="sm">
                {count(group.size)} · {share(group.size / Math.max(1, picture.customers))}
              </Text>
            </Group>
            <Text size="xs" c="dimmed" mb={6}>
              {sketch(group.traits)}
            </Text>
            <Stack gap={4}>
              {group.traits.map((trait) => (
                <Trait key={trait.name} trait={trait} />
              ))}
            </Stack>
          </Card>
        ))}
      </SimpleGrid>
      <Accordion variant="contained">
        <Accordion.Item value="figures">
          <Accordion.Control>
            <Text size="sm">The figures behind it</Text>
          </Accordion.Control>
          <Accordion.Panel>
            <Table.ScrollContainer minWidth={420}>
              <Table aria-label="Quality by number of groups">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Groups</Table.Th>
                    <Table.Th ta="right">Silhouette</Table.Th>
                    <Table.Th ta="right">Calinski–Harabasz</Table.Th>
                    <Table.Th ta="right">Davies–Bouldin</Table.Th>
                    <Table.Th ta="right">Smallest</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {picture.candidates.map((one) => (
                    <Table.Tr key={one.k} fw={one.k === picture.chosen ? 650 : 400}>
                      <Table.Td>
                        {one.k}
                        {one.k === picture.chosen ? ', chosen' : ''}
                      </Table.Td>
                      <Table.Td ta="right">{one.silhouette === null ? '' : rounded(one.silhouette)}</Table.Td>
                      <Table.Td ta="right">
                        {one.calinskiHarabasz === null ? '' : rounded(one.calinskiHarabasz)}
                      </Table.Td>
                      <Table.Td ta="right">
                        {one.daviesBouldin === null ? '' : rounded(one.daviesBouldin)}
                      </Table.Td>
                      <Table.Td ta="right">{rounded(one.smallest)}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
            <Text size="xs" c="dimmed">
              Stability:{' '}
              {picture.groups
                .map(
                  ({ segment, stability }) =>
                    `${nameOf(segment)} ${stability?.replaceAll('_', ' ') ?? 'not measured'}`,
                )
                .join(', ')}
              .
            </Text>
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </Stack>
  );
}

type TraitOf = PictureOf<'clusters'>['groups'][number]['traits'][number];

/** In standard deviations: what sets a group apart, and what is worth a word. */
const STANDS_OUT = 0.5;

function sideOf({ isDate, difference }: TraitOf): string {
  if (Math.abs(difference) < 0.1) return 'as others';
  if (isDate) return difference > 0 ? 'long ago' : 'lately';
  return difference > 0 ? 'high' : 'low';
}

/** "revenue high, last purchase lately". */
function sketch(traits: readonly TraitOf[]): string {
  const words = traits
    .filter(({ difference }) => Math.abs(difference) >= STANDS_OUT)
    .slice(0, 3)
    .map((trait) => `${trait.name} ${sideOf(trait)}`);
  return words.length === 0 ? 'about as all the others' : words.join(', ');
}

/** A bar from the middle: above or below all others, in standard deviations. */
function Trait({ trait }: { trait: TraitOf }) {
  const width = Math.min(50, Math.abs(trait.difference) * 20);
  const unit = trait.isDate ? ' days ago' : '';
  const words = `${rounded(trait.inside)}${unit} on average, against ${rounded(trait.outside)}${unit} of the others`;
  return (
    <Tooltip label={words}>
      <Group gap={8} wrap="nowrap">
        <Text size="xs" w={130} truncate>
          {trait.name}
        </Text>
        <Box pos="relative" h={8} style={{ flexGrow: 1 }} bg="var(--mantine-color-default-hover)" aria-hidden>
          <Box
            pos="absolute"
            h={8}
            bg={trait.difference >= 0 ? '#0072B2' : '#E69F00'}
            style={{ width: `${width}%`, left: trait.difference >= 0 ? '50%' : `${50 - width}%` }}
          />
        </Box>
        <Text size="xs" w={64} ta="right" style={{ whiteSpace: 'nowrap' }}>
          {sideOf(trait)}
        </Text>
      </Group>
    </Tooltip>
  );
}
