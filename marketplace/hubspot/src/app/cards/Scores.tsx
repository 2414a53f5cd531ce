import { Statistics, StatisticsItem, Text } from '@hubspot/ui-extensions';
import type { Score } from './card-answer.ts';

export function Scores({ scores }: { scores: Score[] }) {
  if (scores.length === 0) return null;
  return (
    <Statistics>
      {scores.map(({ name, value, meaning }) => (
        <StatisticsItem key={`${name} ${value}`} label={name} number={value}>
          {meaning !== null && <Text variant="microcopy">{meaning}</Text>}
        </StatisticsItem>
      ))}
    </Statistics>
  );
}
