import type { CrmSeed, SeedRow } from '../../../sandbox/seed.ts';

const row = (ref: string, properties: SeedRow['properties'], links: SeedRow['links'] = []): SeedRow => ({
  ref,
  properties,
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-02-01T00:00:00.000Z',
  links,
});

/** A small company: `contacts` people p1, p2, ... (the first ten at ACME), three deals, two pipelines' stages. */
export const smallCompany = (contacts = 30): CrmSeed => ({
  contacts: Array.from({ length: contacts }, (_, index) =>
    row(
      `p${index + 1}`,
      {
        email: `p${index + 1}@example.com`,
        firstname: `Pat${index + 1}`,
        lifecyclestage: index < 5 ? 'customer' : 'lead',
      },
      index < 10 ? [{ to: 'company', ref: 'acme' }] : [],
    ),
  ),
  companies: [
    row('acme', { name: 'ACME', domain: 'acme.example' }, [{ to: 'company', ref: 'holding' }]),
    row('holding', { name: 'Holding' }),
  ],
  deals: [
    row(
      'd1',
      {
        dealname: 'First',
        amount: 100,
        dealstage: 'won',
        pipeline: 'sales',
        closedate: '2026-01-20T00:00:00Z',
      },
      [
        { to: 'contact', ref: 'p1', role: 'Decision maker' },
        { to: 'contact', ref: 'p2' },
        { to: 'company', ref: 'acme', primary: true },
      ],
    ),
    row('d2', { dealname: 'Second', amount: 50.5, dealstage: 'lost', pipeline: 'sales' }, [
      { to: 'contact', ref: 'p1' },
    ]),
    row('d3', { dealname: 'Nobody', amount: 7, dealstage: 'open', pipeline: 'sales' }),
  ],
  leads: [],
  owners: [{ ref: 'o1', email: 'olga@example.com', name: 'Olga Owner' }],
  pipelines: [
    {
      id: 'sales',
      label: 'Sales',
      stages: [
        { id: 'open', label: 'Open', isWon: false, isClosed: false },
        { id: 'won', label: 'Won', isWon: true, isClosed: true },
        { id: 'lost', label: 'Lost', isWon: false, isClosed: true },
      ],
    },
  ],
  properties: [
    {
      object: 'contact',
      name: 'loyalty',
      label: 'Loyalty',
      type: 'enumeration',
      fieldType: 'checkbox',
      options: [
        { value: 'gold', label: 'Gold' },
        { value: 'silver', label: 'Silver' },
        { value: 'old', label: 'Old' },
      ],
    },
    {
      object: 'contact',
      name: 'plan',
      label: 'Plan',
      type: 'enumeration',
      options: [
        { value: 'free', label: 'Free' },
        { value: 'paid', label: 'Paid' },
      ],
    },
    { object: 'contact', name: 'trial_ends', label: 'Trial ends', type: 'date' },
    { object: 'contact', name: 'no_profiling', label: 'No profiling', type: 'bool' },
  ],
});
