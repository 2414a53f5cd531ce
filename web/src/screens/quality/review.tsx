import { Anchor, Badge, Button, Card, Group, List, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconAlertTriangle, IconCheck } from '@tabler/icons-react';
import { useState } from 'react';
import type { Answer } from '../../api.ts';
import { count, counted, day, share } from '../../parts/figures.ts';
import { useNames } from '../../parts/names.ts';
import { Read } from '../../parts/states.tsx';
import { Rows } from '../../parts/table.tsx';
import { useApi, useChange } from '../../query.ts';
import { useMay } from '../../session.ts';
import { Criteria } from './criteria.tsx';
import { Fixes } from './fixes.tsx';
import { Suggestions } from './suggestions.tsx';

export type Report = Answer<'GET /api/segmentations/:key/review'>;

/** One segment set's review, as of now. */
export function Review({ set }: { set: string }) {
  const query = useApi('GET /api/segmentations/:key/review', { params: { key: set } });
  const mayEdit = useMay('edit');
  const finish = useChange('POST /api/segmentations/:key/review/done', {
    done: 'Noted, with your name. The next review tells what drifted since.',
  });
  return (
    <Read query={query} rows={10}>
      {(report) => (
        <Stack>
          <Suggestions report={report} />
          <Checks report={report} />
          <Criteria review={report.review} />
          <Drift report={report} />
          <Alike report={report} />
          <Losses report={report} />
          {mayEdit && (
            <Group>
              <Button loading={finish.isPending} onClick={() => finish.mutate({ params: { key: set } })}>
                I looked at it
              </Button>
              <Text size="sm" c="dimmed">
                Version {report.version}, {counted(report.review.subjects, 'customer')}.
              </Text>
            </Group>
          )}
        </Stack>
      )}
    </Read>
  );
}

/** The known mistakes, those that were made first. */
function Checks({ report }: { report: Report }) {
  const checks = [...report.review.checks].sort((a, b) => Number(b.made) - Number(a.made));
  const made = checks.filter((check) => check.made).length;
  return (
    <Card withBorder component="section" aria-label="Known mistakes">
      <Title order={2} size="h5" mb="xs">
        Known mistakes: {made === 0 ? 'none' : `${count(made)} of ${count(checks.length)}`}
      </Title>
      <Stack gap="xs">
        {checks.map(({ mistake, title, made: isMade, evidence, action }) => (
          <Group key={mistake} wrap="nowrap" align="flex-start" gap="sm">
            <ThemeIcon
              size={22}
              radius="xl"
              variant="light"
              color={isMade ? 'orange' : 'teal'}
              role="img"
              aria-label={isMade ? 'made' : 'not found'}
            >
              {isMade ? <IconAlertTriangle size={14} /> : <IconCheck size={14} />}
            </ThemeIcon>
            <div>
              <Text size="sm" fw={isMade ? 600 : 400}>
                {title}
                {!isMade && ': not found'}
              </Text>
              {evidence.map((sentence) => (
                <Text size="sm" key={sentence}>
                  {sentence}
                </Text>
              ))}
              {action && (
                <Text size="sm" c="dimmed">
                  {action}
                </Text>
              )}
            </div>
          </Group>
        ))}
      </Stack>
    </Card>
  );
}

const LEVELS = {
  none: { says: 'no drift', color: 'teal' },
  some: { says: 'some drift', color: 'yellow' },
  major: { says: 'major drift', color: 'red' },
};

type DriftRow = { name: string; since: string; psi: number; pValue: number; level: keyof typeof LEVELS };

/** What shifted under the segments: their sizes, and the attributes that they are made of. */
function Drift({ report: { history } }: { report: Report }) {
  const rows: DriftRow[] = [
    ...(history.memberDrift
      ? [{ ...history.memberDrift, name: 'Sizes of the segments', since: history.from }]
      : []),
    ...history.attributeDrift.map((one) => ({ ...one, pValue: one.adjusted })),
  ];
  return (
    <Card withBorder component="section" aria-label="Drift">
      <Title order={2} size="h5" mb="xs">
        Drift
      </Title>
      <Text size="sm" c="dimmed" mb="xs">
        Whether customers have changed since the segments were drawn. A stability index under 0.1 is no drift,
        over 0.25 major drift: look whether the lines still fit.
      </Text>
      <Rows
        name="Drift"
        rows={rows}
        keyOf={({ name }) => name}
        empty={
          <Text size="sm" c="dimmed">
            Known once labels are some days old: it compares then with now.
          </Text>
        }
        columns={[
          { head: 'What', cell: ({ name }) => name },
          {
            head: 'How much',
            cell: ({ level }) => (
              <Badge variant="light" tt="none" color={LEVELS[level].color}>
                {LEVELS[level].says}
              </Badge>
            ),
          },
          { head: 'Since', cell: ({ since }) => day(since) },
          { head: 'Stability index', isNumber: true, cell: ({ psi }) => psi.toFixed(3) },
          {
            head: 'Likely by chance',
            isNumber: true,
            cell: ({ pValue }) => share(pValue),
          },
        ]}
      />
      {history.jitter.length > 0 && (
        <List size="sm" mt="sm">
          {history.jitter.slice(-3).map(({ version, asOf, largest }) => (
            <List.Item key={version}>
              Learned again on {day(asOf)}:{' '}
              {largest === null ? 'nothing moved.' : `its lines moved by up to ${share(largest)}.`}
            </List.Item>
          ))}
        </List>
      )}
    </Card>
  );
}

/** So many pairs before somebody asks for all. */
const PAIRS = 8;

/** Pairs of segments that hold nearly the same customers. */
function Alike({ report: { overlap, segmentation } }: { report: Report }) {
  const names = useNames();
  const [showsAll, setShowsAll] = useState(false);
  const pairs = overlap.pairs.filter(({ flagged }) => flagged);
  return (
    <Card withBorder component="section" aria-label="Overlap">
      <Title order={2} size="h5" mb="xs">
        Overlap
      </Title>
      <Text size="sm" mb="xs">
        {share(overlap.coverage)} of all customers are in one of its segments.
      </Text>
      <Rows
        name="Segments much alike"
        rows={showsAll ? pairs : pairs.slice(0, PAIRS)}
        keyOf={({ a, b }) => a + b}
        empty={<Text size="sm">No two segments are much alike.</Text>}
        columns={[
          { head: 'Segment', cell: ({ a }) => names.segment(a, segmentation) },
          { head: 'And', cell: ({ b }) => names.segment(b, segmentation) },
          {
            head: 'In both',
            isNumber: true,
            cell: ({ both }) => (both === null ? 'under 10' : count(both)),
          },
          {
            head: 'Alike',
            isNumber: true,
            cell: ({ jaccard }) => (jaccard === null ? '–' : share(jaccard)),
          },
        ]}
      />
      {!showsAll && pairs.length > PAIRS && (
        <Anchor component="button" type="button" size="sm" onClick={() => setShowsAll(true)}>
          Show all {count(pairs.length)} pairs
        </Anchor>
      )}
    </Card>
  );
}

/** Whom nobody can place, for want of what, and what to mend first. */
function Losses({ report }: { report: Report }) {
  const names = useNames();
  const losses = report.losses.filter(({ undecided }) => undecided > 0);
  return (
    <Card withBorder component="section" aria-label="Missing data">
      <Title order={2} size="h5" mb="xs">
        Missing data
      </Title>
      <Stack>
        <Rows
          name="Customers who can’t be placed"
          rows={losses}
          keyOf={({ segment }) => segment}
          empty={<Text size="sm">Every customer can be placed.</Text>}
          columns={[
            {
              head: 'Segment',
              cell: ({ segment }) => names.segment(`${report.segmentation}.${segment}`, report.segmentation),
            },
            {
              head: 'Not to be placed',
              isNumber: true,
              cell: ({ undecided, subjects }) =>
                `${count(undecided)} (${share(subjects === 0 ? 0 : undecided / subjects)})`,
            },
            {
              head: 'For want of',
              cell: ({ missingNames, attributes }) =>
                [
                  ...missingNames,
                  ...attributes.map(({ name, undecided }) => `${name} (${count(undecided)})`),
                ].join(', '),
            },
          ]}
        />
        {report.fixes.length > 0 && <Fixes fixes={report.fixes} />}
      </Stack>
    </Card>
  );
}
