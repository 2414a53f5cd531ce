import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { indexAttributes } from '../../src/segmentation/attribute-index.ts';
import { catalogue, computedAttributes } from '../../src/segmentation/catalogue.ts';
import { parseSegmentations } from '../../src/segmentation/parse.ts';
import { unmetSegments } from '../../src/segmentation/requirements.ts';
import { templates } from '../../src/segmentation/templates.ts';

describe.each(templates)('template $key', ({ key, file }) => {
  test('reads without a problem, and each segment has a play', async () => {
    const definitions = parseSegmentations(await readFile(file, 'utf8'), { file: key });
    for (const definition of definitions) {
      expect(definition).toMatchObject({
        goal: expect.any(String),
        purpose: expect.any(String),
        review: expect.any(String),
      });
      for (const segment of definition.segments) expect(segment.play?.message, segment.key).toBeDefined();
    }
    expect(unmetSegments(definitions, indexAttributes(catalogue.map(({ attribute }) => attribute)))).toEqual(
      [],
    );
  });
});

test('every template file is listed', async () => {
  const files = await readdir(new URL('../../src/segmentation/templates/', import.meta.url));
  expect(files.sort()).toEqual(templates.map(({ key }) => `${key}.yaml`).sort());
});

test('a segment without its attributes says which it needs, also through another segment', async () => {
  const saas = templates.find(({ key }) => key === 'saas');
  const definitions = parseSegmentations(await readFile(saas?.file ?? '', 'utf8'));
  const building = parseSegmentations(
    'key: calls\nname: Calls\nsubject: person\nmethod: rules\nsegments: [{ key: a, name: A, when: { segment: saas.active } }]',
    { segmentations: definitions },
  );
  expect(unmetSegments([...definitions, ...building], indexAttributes(computedAttributes))).toEqual([
    { segmentation: 'saas', segment: 'free_trial', missing: ['trial_ends_at'] },
    { segmentation: 'saas', segment: 'active', missing: ['last_login_at', 'monthly_active_days'] },
    { segmentation: 'saas', segment: 'inactive', missing: ['last_login_at'] },
    { segmentation: 'saas', segment: 'paid', missing: ['plan'] },
    { segmentation: 'calls', segment: 'a', missing: ['last_login_at', 'monthly_active_days'] },
  ]);
});
