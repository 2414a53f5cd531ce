import type { History } from '../pipeline/review/history.ts';
import type { Drift } from '../segmentation/statistics/psi.ts';
import pc from './colours.ts';
import { count, table } from './output.ts';
import { countOrFew, percent } from './review-overlap.ts';

/** Lines for people: who came and went, from where to where, why, and what drifted. */
export function describeHistory(history: History): string[] {
  const { name, segmentation, from, to, flows, migration, causes, memberDrift, attributeDrift, jitter } =
    history;
  const lines = [pc.bold(`${name} (${segmentation}), ${day(from)} to ${day(to)}`), ''];
  lines.push(
    table(
      ['segment', 'before', 'entered', 'left', 'after'],
      flows.map((flow) => [flow.segment, ...[flow.before, flow.entered, flow.left, flow.after].map(count)]),
    ),
  );
  if (migration.from.length > 0) {
    const rows = migration.from.map((name, i) => [name, ...(migration.counts[i] ?? []).map(countOrFew)]);
    lines.push('', table(['from \\ to', ...migration.to], rows));
    if (migration.stayed !== null)
      lines.push(`  ${percent(migration.stayed)} of those with a label at both dates kept it.`);
  }
  const monthly = causes.perSubjectAndMonth;
  lines.push(
    '',
    `Changes: ${count(causes.membersMoved)} because customers moved, ${count(causes.linesMoved)} because the lines moved` +
      `${monthly === null ? '' : `; ${monthly.toFixed(3)} a customer and month`}.`,
  );
  if (memberDrift !== null) lines.push(`Drift of the members: ${describeDrift(memberDrift)}`);
  for (const drift of attributeDrift)
    lines.push(`Drift of ${drift.name} since ${day(drift.since)}: ${describeDrift(drift)}`);
  if (attributeDrift.length === 0)
    lines.push('Drift of attributes: known once a run has labelled by this version.');
  for (const { version, asOf, jumps, largest } of jitter) {
    const [first] = jumps;
    const what =
      first === undefined
        ? 'nothing moved'
        : `${first.parameter} from ${first.before} to ${first.after} (largest ${percent(largest)})`;
    lines.push(`Learned again on ${day(asOf)} (version ${version}): ${what}.`);
  }
  return [...lines, ''];
}

function describeDrift({ psi, pValue, level, smallSample }: Drift): string {
  const chance = smallSample ? '; few customers, so go by p' : '';
  return `${level} (PSI ${psi.toFixed(3)}, p ${pValue < 0.001 ? '< 0.001' : pValue.toFixed(3)}${chance}).`;
}

const day = (at: Date): string => at.toISOString().slice(0, 10);
