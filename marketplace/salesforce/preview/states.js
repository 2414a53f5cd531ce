/** A record in each state of the card: what Salesforce shows of it, and what the app says. */

const HOUR_MS = 3_600_000;
const hoursAgo = (hours) => new Date(Date.now() - hours * HOUR_MS).toISOString();

const field = (apiName, label, dataType = 'Picklist') => [apiName, { apiName, label, dataType }];
export const OBJECT = {
  fields: Object.fromEntries([
    field('segmentsync__Segment_Sync_Rfm__c', 'Purchase behaviour (RFM)'),
    field('segmentsync__Segment_Sync_Shop__c', 'Shop customers', 'MultiPicklist'),
  ]),
};

const fields = {
  segmentsync__Segment_Sync_Rfm__c: { value: 'at_risk', displayValue: 'At risk' },
  segmentsync__Segment_Sync_Shop__c: { value: 'high_value', displayValue: 'High-value customers' },
};

const card = {
  state: 'labelled',
  name: 'Ada Example',
  segmentations: [
    {
      key: 'rfm',
      name: 'Purchase behaviour (RFM)',
      labels: [
        {
          key: 'at_risk',
          name: 'At risk',
          since: '2026-11-01T00:00:00Z',
          why: [
            'The last order was on 3 March 2026.',
            'Ordered 9 times before, more often than 80 % of customers.',
          ],
          play: { channel: 'phone', message: 'Ask what is missing, offer to help', owner: 'account manager' },
        },
      ],
    },
    {
      key: 'shop',
      name: 'Shop customers',
      labels: [
        {
          key: 'high_value',
          name: 'High-value customers',
          since: '2026-06-14T00:00:00Z',
          why: ['Won deals in the last 12 months: above the threshold.'],
          play: { channel: 'email', message: 'Early access to the new season', offer: 'free delivery' },
        },
      ],
    },
  ],
  scores: [
    { name: 'Still a customer', value: '41 %', meaning: 'slipping away' },
    { name: 'Orders expected in a year', value: '2.3', meaning: null },
  ],
  asOf: hoursAgo(5),
  lastRun: { endedAt: hoursAgo(5), state: 'done' },
  url: 'https://segments.example.com/records/salesforce/Contact/003000000000001AAA',
};

const ok = (body) => ({ state: 'ok', body: JSON.stringify(body), hidden: [] });
const none = { segmentations: [], scores: [] };

export const STATES = {
  labelled: { fields, answer: ok(card) },
  asking: { fields, answer: null },
  loading: { fields: null, answer: null },
  empty: { fields: {}, answer: ok({ ...card, ...none, state: 'unlabelled' }) },
  stale: {
    fields,
    answer: ok({ ...card, scores: [], lastRun: { endedAt: hoursAgo(100), state: 'failed' } }),
  },
  signed_out: { fields, answer: { state: 'signed_out', body: null } },
  failed: { fields, answer: { state: 'failed', body: null } },
  unknown: { fields: {}, answer: ok({ ...card, ...none, state: 'unknown' }) },
  not_profiled: { fields: {}, answer: ok({ ...card, ...none, state: 'not_profiled' }) },
};
