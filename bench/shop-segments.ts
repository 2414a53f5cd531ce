import { Segmentation } from '../src/segmentation/definition.ts';

/** What a shop would have: reasons that look at attributes, and at single deals. */
export const SEGMENTS: Segmentation[] = [
  {
    key: 'shop',
    name: 'Shop',
    subject: 'person',
    method: 'rules',
    labels: 'many',
    segments: [
      { key: 'buyer', name: 'Buyers', when: { attribute: 'deal_count', atLeast: 1 } },
      {
        key: 'regular',
        name: 'Regulars',
        when: {
          deals: { where: { won: true, closed_at: { inLast: '24 months' } }, count: true, atLeast: 2 },
        },
      },
      {
        key: 'winback',
        name: 'Win back',
        when: {
          all: [
            { attribute: 'deal_count', atLeast: 1 },
            { attribute: 'last_order_at', notInLast: '180 days' },
          ],
        },
      },
      { key: 'prospect', name: 'Prospects', when: { attribute: 'deal_count', below: 1 } },
    ],
  },
  {
    key: 'rfm',
    name: 'RFM',
    subject: 'person',
    method: 'rfm',
    segments: [
      { key: 'champions', name: 'Champions', areas: [{ r: [4, 5], f: [4, 5] }] },
      { key: 'others', name: 'Others', areas: [{ r: [1, 5] }] },
    ],
  },
].map((given) => Segmentation.parse(given));
