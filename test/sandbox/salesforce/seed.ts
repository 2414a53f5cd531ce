import type { SalesforceSeed } from '../../../sandbox/salesforce/load.ts';

/** Midnight UTC of the n-th day of 2026. */
export const day = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 86_400_000).toISOString();

/** 450 contacts in 45 accounts; the first 300 changed in one and the same second. */
export function smallOrg(): SalesforceSeed {
  const accounts = Array.from({ length: 45 }, (_, n) => ({
    ref: String(n + 1),
    properties: { Name: `Account ${n + 1}`, Industry: n % 2 ? 'Retail' : 'Banking', OwnerId: '1' },
    createdAt: day(0),
    updatedAt: day(1),
  }));
  const contacts = Array.from({ length: 450 }, (_, n) => ({
    ref: String(n + 1),
    properties: {
      FirstName: `First${n}`,
      LastName: `Last${n}`,
      Email: n % 10 ? `p${n}@example.com` : null,
      HasOptedOutOfEmail: n % 25 === 0 || null,
      Needs__c: n % 3 ? 'Price;Speed' : 'Quality',
      ...(n === 7 && { 'Individual.HasOptedOutProfiling': true }),
      ...(n === 8 && { IsPersonAccount: true }),
    },
    createdAt: day(0),
    updatedAt: n < 300 ? day(2) : day(3 + Math.floor(n / 10)),
    links: n === 8 ? [] : [{ to: 'company' as const, ref: String((n % 45) + 1), primary: true }],
  }));
  return {
    contacts,
    companies: accounts,
    deals: [
      {
        ref: '1',
        properties: {
          Name: 'Deal 1',
          StageName: 'Closed Won',
          Amount: 1200.5,
          CloseDate: '2026-02-01',
          RecordTypeId: '1',
        },
        createdAt: day(0),
        updatedAt: day(5),
        links: [
          { to: 'company', ref: '1', primary: true },
          { to: 'contact', ref: '1', primary: true, role: 'Decision Maker' },
          { to: 'contact', ref: '2', role: 'Influencer' },
        ],
      },
    ],
    leads: [
      {
        ref: '1',
        properties: {
          LastName: 'Lead',
          Company: 'Acme',
          Status: 'Closed - Converted',
          IsConverted: true,
          ConvertedContactId: '1',
        },
        createdAt: day(0),
        updatedAt: day(1),
      },
    ],
    owners: [{ ref: '1', email: 'ann@example.com', name: 'Ann Owner' }],
    pipelines: [
      {
        id: '1',
        label: 'New business',
        stages: [
          { id: 'open', label: 'Prospecting', isWon: false, isClosed: false },
          { id: 'won', label: 'Closed Won', isWon: true, isClosed: true },
          { id: 'lost', label: 'Closed Lost', isWon: false, isClosed: true },
        ],
      },
    ],
    properties: [
      {
        object: 'contact',
        name: 'Needs__c',
        label: 'Needs',
        type: 'multipicklist',
        options: [
          { value: 'Price', label: 'Price' },
          { value: 'Quality', label: 'Quality' },
          { value: 'Speed', label: 'Speed' },
        ],
      },
    ],
    currencies: [
      { isoCode: 'USD', corporate: true, rates: [{ from: '2020-01-01', rate: 1 }] },
      {
        isoCode: 'EUR',
        corporate: false,
        rates: [
          { from: '2020-01-01', rate: 0.9 },
          { from: '2026-01-01', rate: 0.92 },
        ],
      },
    ],
  };
}
