import { Alert, Divider, EmptyState, Flex, Link, Text } from '@hubspot/ui-extensions';
import type { CardAnswer } from './card-answer.ts';
import { momentOf, STALE_AFTER_MS } from './dates.ts';
import { type Failure, RefreshButton } from './notices.tsx';
import { Scores } from './Scores.tsx';
import { SegmentationView } from './SegmentationView.tsx';

export type CardViewProps = {
  answer: CardAnswer;
  /** Why the last refresh brought nothing new. */
  failure: Failure | null;
  isLoading: boolean;
  /** Milliseconds. */
  now: number;
  onRefresh: () => void;
  timeZone: string;
};

/** Labels, why, since when, what to do next; scores; how old it is. */
export function CardView({ answer, failure, isLoading, now, onRefresh, timeZone }: CardViewProps) {
  const held = answer.segmentations.filter(({ labels }) => labels.length > 0);
  return (
    <Flex direction="column" gap="small">
      {failure !== null && (
        <Alert title={failure.message} variant="warning">
          What you see is what was read before. {failure.action}
        </Alert>
      )}
      <Staleness answer={answer} now={now} timeZone={timeZone} />
      {held.length === 0 && <Empty answer={answer} />}
      {held.map((segmentation) => (
        <SegmentationView key={segmentation.key} segmentation={segmentation} timeZone={timeZone} />
      ))}
      <Scores scores={answer.scores} />
      <Divider />
      <Flex align="center" gap="small" justify="between" wrap>
        <Text variant="microcopy">{ageOf(answer, timeZone)}</Text>
        <Flex align="center" gap="small">
          <Link href={{ url: answer.url, external: true }}>Open in Segment Sync</Link>
          <RefreshButton isLoading={isLoading} onRefresh={onRefresh} />
        </Flex>
      </Flex>
    </Flex>
  );
}

/** Says so where the labels may no longer be true. */
function Staleness({ answer, now, timeZone }: Pick<CardViewProps, 'answer' | 'now' | 'timeZone'>) {
  const { asOf, lastRun } = answer;
  // A run that did not end well brought no new labels.
  const newest = (lastRun?.state === 'done' ? lastRun.endedAt : null) ?? asOf;
  if (newest !== null && now - Date.parse(newest) > STALE_AFTER_MS) {
    return (
      <Alert title={`Not updated since ${momentOf(newest, timeZone)}`} variant="warning">
        These labels may be out of date. Whoever looks after Segment Sync can see there why no run has ended
        since.
      </Alert>
    );
  }
  if (lastRun?.state !== 'failed') return null;
  return (
    <Alert title="The last run failed" variant="warning">
      These labels are those of the run before it. Whoever looks after Segment Sync can see there what it
      needs.
    </Alert>
  );
}

const IN_NONE = { title: 'In no segment', text: 'This record meets the conditions of no segment.' };
const EMPTY: Record<CardAnswer['state'], { title: string; text: string }> = {
  labelled: IN_NONE,
  unlabelled: IN_NONE,
  unknown: {
    title: 'Not read yet',
    text: 'Segment Sync has not read this record yet. The next run does.',
  },
  not_profiled: {
    title: 'Kept out of segments',
    text: 'Because of an objection to profiling or a request to be erased, no segments are worked out for this record.',
  },
};

function Empty({ answer }: { answer: CardAnswer }) {
  const { title, text } = EMPTY[answer.state];
  return (
    <EmptyState
      imageName={answer.state === 'not_profiled' ? 'lock' : 'contacts'}
      layout="horizontal"
      title={title}
    >
      <Text>{text}</Text>
    </EmptyState>
  );
}

function ageOf({ asOf, lastRun }: CardAnswer, timeZone: string): string {
  const labels = asOf === null ? 'No labels yet' : `As of ${momentOf(asOf, timeZone)}`;
  const run = lastRun?.endedAt
    ? `last run ended ${momentOf(lastRun.endedAt, timeZone)}`
    : 'no run has ended yet';
  return `${labels} · ${run}`;
}
