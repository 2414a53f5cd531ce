import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Segmentation } from '../../../src/segmentation/definition.ts';
import { learn } from '../../../src/segmentation/learn.ts';
import type { ClustersModel } from '../../../src/segmentation/methods/cluster-definition.ts';
import { clusterOf } from '../../../src/segmentation/statistics/clusters.ts';
import { randomFrom } from '../population.ts';
import { type Bench, openBench } from './setting.ts';

const PEOPLE = 600;
const segments = ['a', 'b', 'c', 'd'].map((key) => ({ key, name: key.toUpperCase() }));
const clusters = (more: object = {}): Segmentation =>
  Segmentation.parse({
    key: 'groups',
    name: 'Groups',
    subject: 'person',
    method: 'clusters',
    of: ['revenue_total', 'deal_count', 'last_order_at', 'country', 'needs'],
    among: { attribute: 'deal_count', atLeast: 1 },
    k: [2, 4],
    segments,
    ...more,
  });

type Person = {
  id: number;
  deal_count: number;
  revenue_total: number | null;
  last_order_at: string | null;
  country: string | null;
  needs: string[] | null;
};

let bench: Bench;
let people: Person[];
beforeAll(async () => {
  bench = await openBench('2026-06-15');
  const random = randomFrom(4);
  const near = (value: number): number => Math.round(value * (0.8 + 0.4 * random()));
  people = Array.from({ length: PEOPLE }, (_, i) => {
    const kind = i % 3;
    return {
      id: i + 1,
      deal_count: i % 10 === 9 ? 0 : near([2, 20, 4][kind] ?? 1),
      revenue_total: random() < 0.05 ? null : near([50, 5000, 400][kind] ?? 1),
      last_order_at:
        random() < 0.05
          ? null
          : new Date(Date.UTC(2026, 5, 15 - near([300, 10, 60][kind] ?? 1))).toISOString().slice(0, 10),
      country: random() < 0.1 ? null : random() < 0.7 ? (['DE', 'US', 'FR'][kind] ?? null) : 'DE',
      needs: random() < 0.2 ? null : ['price', 'service'].filter(() => random() < 0.5),
    };
  });
  await bench.fill('person', people);
});
afterAll(() => bench.close());

function modelOf(model: unknown): ClustersModel {
  const found = model as ClustersModel;
  expect(found.method).toBe('clusters');
  return found;
}

/** The features as the model's columns, by hand. */
function seenOf(person: Person, column: string): number | string | string[] | null {
  switch (column) {
    case 'last_order_at':
      if (person.last_order_at === null) return null;
      return (Date.UTC(2026, 5, 15) - Date.parse(person.last_order_at)) / 86_400_000;
    // The catalogue says that no total means 0.
    case 'revenue_total':
      return person.revenue_total ?? 0;
    default:
      return person[column as 'deal_count' | 'country' | 'needs'];
  }
}

describe('clusters', () => {
  test.each([
    ['standard', 'auto'],
    ['robust', 'winsorise'],
    ['none', 'log'],
  ])('scaled %s, tails %s: SQL gives the nearest centre, as TypeScript does', async (scale, tails) => {
    const definition = clusters({ scale, tails });
    const model = modelOf(await bench.learn(definition));
    const rows = await bench.apply({ definition, model });
    for (const person of people) {
      const right =
        person.deal_count < 1 ? null : model.keys[clusterOf(model, (column) => seenOf(person, column))];
      expect(rows.get(String(person.id))?.label_groups, JSON.stringify(person)).toBe(right);
    }
    expect(new Set(model.keys).size).toBe(model.centroids.length);
  });

  test('describes each group, and says it as a rule that takes its members', async () => {
    const definition = clusters({ of: ['revenue_total', 'deal_count', 'last_order_at'], k: 3 });
    const model = modelOf(await bench.learn(definition));
    expect(model.chosen.silhouette).toBeGreaterThan(0.5);
    const rows = await bench.apply({ definition, model });
    for (const group of model.groups) {
      expect(group.description).not.toBe('average');
      expect(group.stability?.reading).toBe('highly_stable');
      if (group.rule === null) throw new Error('no rule');
      const rule = Segmentation.parse({
        key: 'rule',
        name: 'Rule',
        subject: 'person',
        method: 'rules',
        segments: [
          {
            key: 'yes',
            name: 'Yes',
            when: { all: [group.rule.when, { attribute: 'deal_count', atLeast: 1 }] },
          },
        ],
      });
      const taken = await bench.apply({ definition: rule, model: null });
      const members = [...taken.values()].filter((row) => row.label_rule === 'yes').map(({ id }) => id);
      expect(members.length).toBe(group.rule.size);
      const right = members.filter((id) => rows.get(String(id))?.label_groups === group.segment).length;
      expect(right / members.length).toBeCloseTo(group.rule.precision, 6);
    }
  });

  test('explains the group by the attributes in which it differs most', async () => {
    const definition = clusters({ of: ['revenue_total', 'deal_count', 'last_order_at'], k: 3 });
    const model = modelOf(await bench.learn(definition));
    const text = await bench.explain(1, { definition, model });
    expect(text).toMatch(/Nearest group is [ABCD]/);
    expect(text).toMatch(/Days since last purchase: \d+ \(\d+[\d.]* in the group, [\d.]+ outside\)/i);
  });

  test('a new learning keeps the segment of a group, whatever its place', async () => {
    const definition = clusters({ k: 3 });
    const rows = await bench.learnRows(definition);
    const first = modelOf(learn(definition, rows, bench.asOf));
    const renamed = { ...first, keys: ['d', 'b', 'c'] };
    const again = modelOf(learn(definition, rows, bench.asOf, { before: renamed }));
    expect(again.keys).toEqual(['d', 'b', 'c']);
    expect([...first.keys].sort()).toEqual(['a', 'b', 'c']);
  });

  test('asked to, it gives no label where a number is unknown', async () => {
    const definition = clusters({ of: ['revenue_total', 'last_order_at'], unknown: 'none', k: 2 });
    const model = await bench.learn(definition);
    const rows = await bench.apply({ definition, model });
    for (const person of people) {
      const isKnown = person.last_order_at !== null && person.deal_count > 0;
      expect(rows.get(String(person.id))?.label_groups === null).toBe(!isKnown);
    }
  });

  test.each([
    ['constant attributes', { of: ['no_profiling'] }, 'no-varying-attributes'],
    ['nobody', { among: { attribute: 'deal_count', atLeast: 1000 } }, 'no-varying-attributes'],
    ['more groups than people', { k: 4 }, 'too-many-clusters'],
  ])('%s: says what is wrong', async (name, more, code) => {
    const definition = clusters(more);
    const all = await bench.learnRows(definition);
    const rows = name.startsWith('more') ? all.slice(0, 3) : all;
    expect(() => learn(definition, rows, bench.asOf)).toThrowError(expect.objectContaining({ code }));
  });
});
