import type { Activity, ProcessingRecord } from './record.ts';

/** The record of processing as a page for people. */
export function recordMarkdown(record: ProcessingRecord): string {
  const { madeAt, controller, sources, retention, gates, activities } = record;
  return [
    '# Record of processing: customer segments',
    '',
    `${cell(controller)}, ${day(madeAt)}`,
    '',
    '## Where the data is from',
    '',
    ...table(
      ['Connection', 'System', 'Use'],
      sources.map((one) => [one.connection, one.system, one.mode]),
    ),
    '## How long it is kept',
    '',
    ...table(
      ['What', 'How long'],
      retention.map(({ what, howLong }) => [what, howLong]),
    ),
    '## What always holds',
    '',
    ...gates.map((gate) => `- ${gate}`),
    '',
    ...activities.flatMap(activityLines),
  ].join('\n');
}

function activityLines(one: Activity): string[] {
  const missing = 'not written down';
  const facts: [string, string][] = [
    ['Purpose', one.purpose ?? missing],
    ['Lawful basis (article 6)', one.lawfulBasis ?? missing],
    ['Used for', one.needsPerson ? `${one.use}: price, credit or access; a person decides` : one.use],
    ['Goal', one.goal ?? missing],
    ['Responsible', one.responsible ?? missing],
    [
      'Decided by',
      `${one.decidedBy ?? 'unknown'}, ${one.inForceSince ? day(one.inForceSince) : ''} (version ${one.version})`,
    ],
    ['Whose data', one.subjects],
    ['Method', one.method],
    ['Segments', one.segments.map(({ name }) => name).join(', ')],
    ['Kinds of data', [...new Set(one.attributes.map(({ kind }) => kind))].join(', ')],
    [
      'Data',
      one.attributes
        .map(({ name, sensitivity }) => (sensitivity === 'normal' ? name : `${name} (${sensitivity})`))
        .join(', '),
    ],
    [
      'Sensitive data',
      one.sensitive
        .map(({ attribute, why, basis }) => {
          const what = why === 'minors' ? `${attribute} (people under 18)` : attribute;
          return basis
            ? `${what}: ${basis.basis}, ${basis.article}, recorded by ${basis.by} on ${day(basis.at)}${basis.note === null ? '' : ` (${basis.note})`}`
            : `${what}: NO LAWFUL BASIS ON RECORD`;
        })
        .join('; ') || 'none',
    ],
    [
      'Written to',
      one.recipients
        .map(
          ({ connection, kind, segment, state }) =>
            `${connection}: ${kind}${segment === null ? '' : ` ${segment}`} (${state})`,
        )
        .join('; ') || 'nowhere',
    ],
    ...(one.erasedSinceLearning > 0
      ? [['Erased since it was learned', `${one.erasedSinceLearning} people`] as [string, string]]
      : []),
    ...one.warnings.map(({ message, action }): [string, string] => ['To look at', `${message} ${action}`]),
  ];
  return [`## ${cell(one.name)} (${one.key})`, '', ...table(['', ''], facts)];
}

function table(head: string[], rows: string[][]): string[] {
  const line = (cells: string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `| ${head.map(() => '---').join(' | ')} |`, ...rows.map(line), ''];
}

/** Text of people stays within its cell, and is no markup. */
const cell = (text: string): string => text.replace(/[\r\n]+/g, ' ').replace(/[|\\<>]/g, '\\$&');

const day = (date: Date): string => date.toISOString().slice(0, 10);
