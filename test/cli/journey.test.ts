import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { layEmbeddedStore } from '../database.ts';
import { cli } from './in-process.ts';

let folder = '';
let definitions = '';
const SLOW_MS = 300_000;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'segment-sync-cli-'));
  vi.stubEnv('DATA_DIR', join(folder, 'data'));
  vi.stubEnv('DATABASE_URL', '');
  vi.stubEnv('REDIS_URL', '');
  await layEmbeddedStore(join(folder, 'data'));
  await mkdir(join(folder, 'shop'));
  const people = Array.from({ length: 40 }, (_, i) => i + 1);
  await writeFile(
    join(folder, 'shop', 'contacts.csv'),
    `contact_id,email,first_name,last_name,created_at,no_profiling\n${people
      .map((n) => `${n},p${n}@example.com,P,${n},2025-01-01,${n === 40 ? 'true' : ''}`)
      .join('\n')}\n`,
  );
  await writeFile(
    join(folder, 'shop', 'deals.csv'),
    `deal_id,contact_id,amount,currency,stage,closed_at\n${people
      .map((n) => `${n},${n},${n * 10},USD,closedwon,2026-01-${String((n % 28) + 1).padStart(2, '0')}`)
      .join('\n')}\n`,
  );
  definitions = join(folder, 'value.yaml');
  await writeFile(definitions, definition(300));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  process.exitCode = undefined;
});

const atLeast = (high: number) => `{ attribute: revenue_total, atLeast: ${high} }`;

const definition = (high: number, when = atLeast(high)) => `key: value
name: Value
subject: person
method: rules
segments:
  - { key: high, name: High, when: ${when} }
  - { key: low, name: Low, when: { all: [{ attribute: revenue_total, above: 0 }, { attribute: deal_count, atLeast: 1 }] } }
`;

it(
  'goes from a folder of files to labels, and back',
  async () => {
    await cli('connect', 'csv', '--folder', join(folder, 'shop'));
    await expect(cli('apply', definitions)).rejects.toMatchObject({ code: 'confirmation_missing' });
    expect((await cli('apply', definitions, '--yes')).text).toMatch(
      /value: published as version 1; 1 target is held/,
    );
    const run = (await cli('run', '--as-of', '2026-02-01', '--json')).json;
    expect(run).toMatchObject({ state: 'done', counts: { pull: { 'contact.new': 40, 'deal.new': 40 } } });

    // Nobody who objects to profiling is counted, named or labelled.
    const preview = (await cli('preview', definitions, '--samples', '50', '--as-of', '2026-02-01', '--json'))
      .json;
    expect(preview).toMatchObject({
      previews: [
        {
          key: 'value',
          subjects: 39,
          segments: [
            { segment: 'high', size: 10 },
            { segment: 'low', size: 29 },
          ],
        },
      ],
    });
    expect(JSON.stringify(preview)).toContain('p39@example.com');
    expect(JSON.stringify(preview)).not.toContain('p40@example.com');

    const either = `{ any: [{ attribute: lifecycle_stage, is: customer }, ${atLeast(300)}] }`;
    await writeFile(definitions, definition(300, either));
    const passedOver =
      'Nothing feeds Lifecycle stage: high goes by the other conditions. To count it too, map a CRM property';
    expect((await cli('preview', definitions, '--as-of', '2026-02-01')).text).toContain(passedOver);
    expect((await cli('plan', definitions, '--as-of', '2026-02-01')).text).toContain(passedOver);

    await writeFile(definitions, definition(350));
    const { plan } = (await cli('plan', definitions, '--as-of', '2026-02-01', '--json')).json;
    expect(plan).toMatchObject([
      {
        change: 'changed',
        changes: 5,
        segments: [{ segment: 'high', before: 10, after: 5, leaves: 5 }, { enters: 5 }],
      },
    ]);
    expect((await cli('status', '--json')).json).toMatchObject({
      segmentations: [{ segments: [{ size: 10 }, { size: 29 }], unlabelled: 1 }],
    });

    expect((await cli('pending')).text).toContain('39');
    expect((await cli('release', '--all')).text).toContain('1 target is live; the next run writes it.');
    const second = (await cli('run', '--as-of', '2026-02-01', '--json')).json;
    expect(second).toMatchObject({ counts: { push: { written: 39 } } });

    const why = await cli('explain', 'p39@example.com', '--as-of', '2026-02-01');
    expect(why.text).toMatch(/● High/);
    expect(why.text).toContain('Revenue: $390 (at least $300).');
    expect(why.text).toContain('Would leave once revenue is below $300 (now $390).');

    await expect(cli('undo', String(second.id))).rejects.toMatchObject({ code: 'confirmation_missing' });
    expect((await cli('undo', String(second.id), '--yes', '--json')).json).toMatchObject({
      restored: 39,
      kept: 0,
    });
    expect((await cli('targets')).text).toContain('paused');
    expect((await cli('retire', 'value', '--keep', '--yes')).text).toContain('value is retired');
    await expect(cli('apply', definitions, '--yes')).rejects.toMatchObject({ code: 'key_retired' });
  },
  SLOW_MS,
);

it(
  'says what is missing and how to mend it',
  async () => {
    const { findings } = (await cli('doctor', '--json')).json;
    expect(findings).toContainEqual(
      expect.objectContaining({
        area: 'Runs',
        level: 'warning',
        message: expect.stringContaining('No schedule'),
      }),
    );
    expect((await cli('run', '--as-of', '2026-02-01', '--json')).json).toMatchObject({ leftOut: [] });
    expect(process.exitCode).toBeUndefined();
    const people = join(folder, 'shop', 'contacts.csv');
    await writeFile(people, (await readFile(people, 'utf8')).replace('no_profiling', 'something_else'));
    const run = await cli('run', '--as-of', '2026-02-01', '--json');
    expect(run.json).toMatchObject({
      state: 'done',
      leftOut: [{ level: 'error', message: expect.stringContaining('no_profiling') }],
    });
    expect(process.exitCode).toBe(1);
    process.exitCode = undefined;
    await rm(join(folder, 'shop', 'deals.csv'));
    const broken = (await cli('doctor', '--json')).json;
    expect(broken).toMatchObject({ errors: 2 });
    expect(JSON.stringify(broken)).toContain('deals.csv');
    expect(process.exitCode).toBe(1);
    process.exitCode = undefined;
  },
  SLOW_MS,
);

it(
  'shows what counts as revenue, and sets it',
  async () => {
    expect((await cli('revenue', '--json')).json).toMatchObject({
      connections: [
        { setting: { kind: 'deals' }, lines: [{ stage: 'closedwon', deals: 40, amount: '8200' }] },
      ],
    });
    await expect(cli('revenue', '--kind', 'gifts')).rejects.toMatchObject({ code: 'revenue_invalid' });
    const { text } = await cli('revenue', '--won-stages', 'paid');
    expect(text).toContain('not won');
    expect((await cli('attributes')).text).toMatch(/revenue_total +Revenue +money/);
  },
  SLOW_MS,
);
