import type { Quality } from '../pipeline/review/quality.ts';
import pc from './colours.ts';
import { count, table } from './output.ts';
import { percent } from './review-overlap.ts';

/** Lines for people: what to mend first, then what segments lose, then the data itself. */
export function describeQuality({ fixes, losses, attributes, records }: Quality): string[] {
  const lines = [pc.bold('What to mend first')];
  if (fixes.length === 0) lines.push('  Nothing: every customer can be placed.');
  const fixRows = fixes.map(({ what, customers, expectedMoves, segments }) => [
    what,
    count(customers),
    expectedMoves === null ? '?' : count(expectedMoves),
    segments.join(', '),
  ]);
  if (fixRows.length > 0) lines.push(table(['what', 'customers', 'would move', 'segments'], fixRows));
  const losing = losses.filter(({ undecided }) => undecided > 0);
  if (losing.length > 0) {
    const rows = losing.map((loss) => [
      `${loss.segmentation}.${loss.segment}`,
      count(loss.undecided),
      percent(loss.subjects === 0 ? null : loss.undecided / loss.subjects),
      [...loss.missing, ...loss.attributes.map((one) => `${one.attribute} (${count(one.undecided)})`)].join(
        ', ',
      ),
    ]);
    lines.push('', table(['segment', 'not to be placed', 'share', 'for want of'], rows));
  }
  lines.push(
    '',
    table(
      ['connection', 'records', 'count', 'subjects', 'too many'],
      records.map((one) => [
        one.name,
        one.object,
        count(one.records),
        count(one.subjects),
        count(one.duplicates),
      ]),
    ),
  );
  const attributeRows = attributes.map((one) => [
    one.connection,
    `${one.object}.${one.attribute}`,
    percent(one.knownShare),
    percent(one.validShare),
    percent(one.freshShare),
    one.problem ?? '',
  ]);
  lines.push('', table(['connection', 'attribute', 'known', 'readable', 'fresh', 'problem'], attributeRows));
  return lines;
}
