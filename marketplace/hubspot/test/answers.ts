import type { CardAnswer } from '../src/app/cards/card-answer.ts';

const MINUTE = 60_000;

/** A contact in two segments of one set and in none of another. */
export function labelled(now = Date.now()): CardAnswer {
  return {
    state: 'labelled',
    name: 'Mara Lindqvist',
    segmentations: [
      {
        key: 'shop',
        name: 'Shop customers',
        labels: [
          {
            key: 'high_value',
            name: 'High-value customers',
            since: '2026-03-03T07:12:00.000Z',
            why: [
              'Deals won in the last 12 months: 4, at least 3 are needed.',
              'Spent above the threshold in the last 12 months.',
            ],
            play: {
              channel: 'email',
              message: 'Early access to the new season',
              offer: 'free delivery',
              owner: 'account manager',
            },
          },
          { key: 'nordics', name: 'Nordics', since: null, why: ['Country is SE.'], play: null },
        ],
      },
      {
        key: 'lifecycle',
        name: 'Lifecycle',
        labels: [
          {
            key: 'champion',
            name: 'Champion',
            since: '2026-09-14T07:12:00.000Z',
            why: ['Ordered 12 days ago, within 30 days.', 'Ordered 9 times, more than 8 of 10 customers.'],
            play: { message: 'Ask for a review' },
          },
        ],
      },
      { key: 'risk', name: 'At risk', labels: [] },
    ],
    scores: [
      { name: 'Chance to buy again', value: '84 %', meaning: 'High: more than 8 of 10 customers' },
      { name: 'Orders expected in 12 months', value: '5.2', meaning: null },
    ],
    asOf: new Date(now - 60 * MINUTE).toISOString(),
    lastRun: { endedAt: new Date(now - 48 * MINUTE).toISOString(), state: 'done' },
    url: 'https://segments.example.com/records/hubspot/contact/101',
  };
}

/** The same record in no segment, for one of the reasons. */
export const without = (state: CardAnswer['state'], now?: number): CardAnswer => ({
  ...labelled(now),
  state,
  segmentations: [],
  scores: [],
});
