import { expect, it } from 'vitest';
import { catalogue } from '../../src/segmentation/catalogue.ts';
import { RulesSegmentation, TiersSegmentation } from '../../src/segmentation/definition.ts';
import { describeSegment } from '../../src/segmentation/describe.ts';

const scene = {
  attributes: catalogue.map(({ attribute }) => attribute),
  calendar: { asOf: new Date('2026-11-22T12:00:00Z'), zone: 'UTC', fiscalYearStart: 1 },
  currency: 'EUR',
};
const tiers = TiersSegmentation.parse({
  key: 'worth',
  name: 'Worth',
  subject: 'person',
  method: 'tiers',
  of: 'revenue_total',
  segments: [{ key: 'gold', name: 'Gold', atLeast: 1500 }],
});
const rules = RulesSegmentation.parse({
  key: 'calls',
  name: 'Calls',
  subject: 'person',
  method: 'rules',
  segments: [
    {
      key: 'now',
      name: 'Now',
      when: {
        all: [
          { segment: 'worth.gold' },
          { attribute: 'last_order_at', notInLast: '180 days' },
          { deals: { where: { won: true }, count: true, atLeast: 3 } },
        ],
      },
    },
  ],
});

it('says segments by their names, days as people write them, and begins as a sentence does', () => {
  expect(describeSegment(rules, 'now', { ...scene, others: [tiers] })).toEqual({
    kind: 'all',
    parts: [
      { text: 'Is in segment "Gold" of Worth' },
      { text: 'Last purchase: before 26 May 2026' },
      { text: 'Number of won deals: at least 3' },
    ],
  });
});

it('says a limit of money with its currency', () => {
  expect(describeSegment(tiers, 'gold', scene)).toEqual({ text: 'Revenue is at least €1,500' });
});

it('says values as the CRM calls them, of one, of several, and of what it has no name for', () => {
  const valueNames = { in_progress: 'In progress', connected: 'Connected' };
  const attributes = scene.attributes.map((one) =>
    one.owner === 'person' && one.key === 'lead_status' ? { ...one, valueNames } : one,
  );
  const open = RulesSegmentation.parse({
    key: 'open',
    name: 'Open',
    subject: 'person',
    method: 'rules',
    segments: [
      {
        key: 'now',
        name: 'Now',
        when: {
          any: [
            { attribute: 'lead_status', is: 'in_progress' },
            { attribute: 'lead_status', in: ['connected', 'elsewhere'] },
            { attribute: 'lead_status', contains: 'in_' },
          ],
        },
      },
    ],
  });
  expect(describeSegment(open, 'now', { ...scene, attributes })).toEqual({
    kind: 'any',
    parts: [
      { text: 'Lead status: In progress' },
      { text: 'Lead status: Connected or elsewhere' },
      { text: 'Lead status: contains "in_"' },
    ],
  });
});
