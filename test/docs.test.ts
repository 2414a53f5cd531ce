import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parseSegmentations, readSegmentations } from '../src/segmentation/parse.ts';

const folder = new URL('../docs/', import.meta.url);
const files = (await readdir(folder)).filter((name) => name.endsWith('.md'));
const pages = await Promise.all(
  files.map(async (name) => ({ name, text: await readFile(new URL(name, folder), 'utf8') })),
);
/** Blocks of YAML that say of a segmentation which method it has. */
const examples = pages.flatMap(({ name, text }) =>
  [...text.matchAll(/^```yaml\n(.*?)^```/gms)].flatMap(([, yaml = ''], index) =>
    /^\s*-? ?method:/m.test(yaml) ? [{ name: `${name}, example ${index + 1}`, yaml }] : [],
  ),
);

describe('examples in docs', () => {
  // Those of one page may build on each other.
  const all = examples.flatMap(({ yaml }) => readSegmentations(yaml).definitions);
  test.each(examples)('$name can be published', ({ yaml }) => {
    expect(parseSegmentations(yaml, { segmentations: all }).length).toBeGreaterThan(0);
  });

  test('there are some', () => {
    expect(examples.length).toBeGreaterThan(1);
  });
});
