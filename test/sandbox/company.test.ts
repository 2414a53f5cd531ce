import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { generateCompany } from '../../sandbox/company.ts';
import { seedFromCsv } from '../../sandbox/csv-seed.ts';
import { startSandbox } from '../../sandbox/main.ts';
import { salesforceId } from '../../sandbox/salesforce/ids.ts';
import type { CrmSeed, SeedRow } from '../../sandbox/seed.ts';

const asOf = new Date('2026-11-21T00:00:00Z');
const CONTACTS = 3000;
let company: ReturnType<typeof generateCompany>;
beforeAll(() => {
  company = generateCompany({ seed: 1, contacts: CONTACTS, asOf });
});

const emailsOf = (rows: SeedRow[], name: string) => {
  const counts = new Map<string, number>();
  for (const { properties } of rows) {
    const email = String(properties[name] ?? '')
      .trim()
      .toLowerCase();
    if (email.includes('@')) counts.set(email, (counts.get(email) ?? 0) + 1);
  }
  return counts;
};
const share = (rows: SeedRow[], holds: (row: SeedRow) => boolean) => rows.filter(holds).length / rows.length;

test('the same seed gives the same company, another seed another one', () => {
  expect(generateCompany({ seed: 1, contacts: CONTACTS, asOf })).toEqual(company);
  expect(generateCompany({ seed: 2, contacts: 50, asOf })).not.toEqual(
    generateCompany({ seed: 1, contacts: 50, asOf }),
  );
});

test.each([
  [{ contacts: 40 }, 40, 24],
  [{ contacts: 50, salesforceShare: 0 }, 50, 0],
  [{ contacts: 50, hubspotShare: 0, salesforceShare: 1 }, 0, 50],
])('%j makes %i HubSpot and %i Salesforce contacts', (options, hubspot, salesforce) => {
  const made = generateCompany({ seed: 3, asOf, ...options });
  expect([made.hubspot.contacts.length, made.salesforce.contacts.length]).toEqual([hubspot, salesforce]);
});

describe('a believable company', () => {
  test('many people are in both CRMs, many in one; an address is held once in HubSpot, up to seven times in Salesforce', () => {
    const hubspot = emailsOf(company.hubspot.contacts, 'email');
    const salesforce = emailsOf(company.salesforce.contacts, 'Email');
    const both = [...salesforce.keys()].filter((email) => hubspot.has(email)).length;
    expect(both).toBeGreaterThan(CONTACTS * 0.2);
    expect(hubspot.size - both).toBeGreaterThan(CONTACTS * 0.3);
    expect(salesforce.size - both).toBeGreaterThan(CONTACTS * 0.05);
    const shared = [...salesforce].filter(([, count]) => count > 5).map(([email]) => email);
    expect(shared.length).toBeGreaterThan(0);
    expect(shared.every((email) => /^(info|sales)@/.test(email))).toBe(true);
    expect([...salesforce.values()].filter((count) => count === 2).length).toBeGreaterThan(10);
    // Dirt such as n/a aside, HubSpot would not have taken an address twice.
    expect([...hubspot].filter(([email, count]) => count > 1 && email !== 'none@none')).toEqual([]);
  });

  test('opt-outs are about 4 %, and mostly empty otherwise', () => {
    const optout = (value: string) =>
      share(company.hubspot.contacts, (row) => row.properties.hs_email_optout === value);
    expect(optout('true')).toBeGreaterThan(0.025);
    expect(optout('true')).toBeLessThan(0.055);
    expect(optout('false')).toBeLessThan(0.02);
    expect(
      share(company.salesforce.contacts, (row) => row.properties.HasOptedOutOfEmail === true),
    ).toBeGreaterThan(0.025);
  });

  test('deals are won, lost and open, in three pipelines and currencies, with several contacts and with none', () => {
    const { deals, pipelines } = company.hubspot;
    const stages = new Map(
      pipelines.flatMap((pipeline) => pipeline.stages).map((stage) => [stage.id, stage]),
    );
    const states = new Set(
      deals.map((deal) => {
        const stage = stages.get(String(deal.properties.dealstage));
        return stage?.isWon ? 'won' : stage?.isClosed ? 'lost' : 'open';
      }),
    );
    expect([...states].sort()).toEqual(['lost', 'open', 'won']);
    expect(new Set(deals.map((deal) => deal.properties.pipeline)).size).toBe(3);
    expect(new Set(company.salesforce.deals.map((deal) => deal.properties.CurrencyIsoCode))).toEqual(
      new Set(['USD', 'EUR', 'GBP']),
    );
    const contacts = (deal: SeedRow) => (deal.links ?? []).filter((link) => link.to === 'contact');
    expect(share(deals, (deal) => contacts(deal).length > 1)).toBeGreaterThan(0.02);
    expect(share(deals, (deal) => contacts(deal).length === 0)).toBeGreaterThan(0.01);
    expect(
      deals.some((deal) => contacts(deal).length > 1 && !contacts(deal).some((link) => link.primary)),
    ).toBe(true);
  });

  test('some buy often and lately, some once, some long ago, some never', () => {
    const bought = new Map<string, number[]>();
    for (const deal of company.hubspot.deals) {
      for (const link of deal.links ?? []) {
        if (link.to === 'contact' && link.primary)
          bought.set(link.ref, [
            ...(bought.get(link.ref) ?? []),
            Date.parse(String(deal.properties.closedate)),
          ]);
      }
    }
    const times = [...bought.values()];
    const daysAgo = (all: number[]) => (asOf.getTime() - Math.max(...all)) / 86_400_000;
    const groups = {
      champions: times.filter((all) => all.length >= 5 && daysAgo(all) < 90).length,
      once: times.filter((all) => all.length === 1).length,
      lapsed: times.filter((all) => all.length >= 2 && daysAgo(all) > 300).length,
      never: CONTACTS - bought.size,
    };
    for (const count of Object.values(groups)) expect(count).toBeGreaterThan(CONTACTS * 0.02);
  });

  test('cross references name the record in the other CRM', () => {
    const ids = new Set(company.salesforce.contacts.map((row) => salesforceId('003', Number(row.ref))));
    const referring = company.hubspot.contacts.filter((row) => row.properties.salesforcecontactid);
    expect(referring.length).toBeGreaterThan(CONTACTS * 0.2);
    expect(referring.every((row) => ids.has(String(row.properties.salesforcecontactid)))).toBe(true);
    const mirrored = company.hubspot.deals.filter((row) => row.properties.salesforce_opportunity_id).length;
    expect(mirrored).toBeGreaterThan(10);
    expect(mirrored).toBeLessThan(company.hubspot.deals.length * 0.05);
  });

  test('every link leads somewhere and nothing happens after the day', () => {
    const check = (crm: CrmSeed) => {
      const refs = {
        contact: new Set(crm.contacts.map((row) => row.ref)),
        company: new Set(crm.companies.map((row) => row.ref)),
        deal: new Set(crm.deals.map((row) => row.ref)),
      };
      for (const row of [...crm.contacts, ...crm.companies, ...crm.deals]) {
        expect(row.updatedAt >= row.createdAt && Date.parse(row.updatedAt) <= asOf.getTime()).toBe(true);
        for (const link of row.links ?? []) expect(refs[link.to].has(link.ref)).toBe(true);
      }
      expect(refs.contact.size).toBe(crm.contacts.length);
      expect(refs.deal.size).toBe(crm.deals.length);
    };
    check(company.hubspot);
    check(company.salesforce);
  });
});

test('both CRMs take the whole company', async () => {
  const sandbox = await startSandbox({ contacts: 300, asOf, limits: 'none' });
  try {
    expect(sandbox.salesforce?.admin.count('Contact')).toBe(180);
    expect(sandbox.salesforce?.admin.count('Individual')).toBeGreaterThan(0);
    expect(sandbox.hubspot?.admin.allRecords('contact')).toHaveLength(300);
  } finally {
    await sandbox.stop();
  }
});

const cdnow = new URL('../../../shared/data/cdnow/', import.meta.url);
const hasData = existsSync(cdnow);
if (!hasData) console.warn('LEFT OUT: the CDNOW data are not beside this folder');
test.skipIf(!hasData).each(['hubspot', 'salesforce'] as const)(
  'a data set in two CSV files arrives to the cent in %s',
  (system) => {
    const seed = seedFromCsv({
      contactsCsv: new URL('contacts.csv', cdnow).pathname,
      dealsCsv: new URL('deals.csv', cdnow).pathname,
      system,
    });
    const amount = system === 'hubspot' ? 'amount' : 'Amount';
    expect(seed.contacts).toHaveLength(2357);
    expect(seed.deals).toHaveLength(6919);
    expect(
      seed.deals.reduce((cents, deal) => cents + Math.round(Number(deal.properties[amount]) * 100), 0),
    ).toBe(24_409_194);
  },
);

test.each([
  ['hubspot', 'dealstage', ['closedwon', 'closedlost', 'appointmentscheduled', 'closedwon']],
  ['salesforce', 'StageName', ['Closed Won', 'Closed Lost', 'Prospecting', 'Closed Won']],
] as const)('a file with gaps, zones and other spellings fills %s', (system, stage, stages) => {
  const folder = mkdtempSync(join(tmpdir(), 'csv-seed-'));
  const contactsCsv = join(folder, 'contacts.csv');
  const dealsCsv = join(folder, 'deals.csv');
  writeFileSync(
    contactsCsv,
    'contact_id,email,first_name,last_name,created_at\na,,,,\nb,B@x.org,B,"O, B",2025-03-04 10:00:00+02:00\n',
  );
  writeFileSync(
    dealsCsv,
    [
      'deal_id,contact_id,amount,currency,stage,closed_at',
      '1,a,0.1,USD,Closed Won,2025-02-01 09:00',
      '2,b,,USD,lost,2025-02-03',
      '3,b,1e3,,negotiation,',
      '4,nobody,-5,EUR,Won,2025-05-06',
    ].join('\r\n'),
  );
  const seed = seedFromCsv({ contactsCsv, dealsCsv, system });
  rmSync(folder, { recursive: true });
  expect(seed.contacts.map((one) => one.createdAt)).toEqual([
    '2025-02-01T09:00:00.000Z',
    '2025-03-04T08:00:00.000Z',
  ]);
  expect(seed.deals.map((one) => one.properties[stage])).toEqual(stages);
  expect(seed.deals.map((one) => one.links?.length)).toEqual([1, 1, 1, 0]);
  expect(seed.deals.map((one) => one.properties.amount ?? one.properties.Amount ?? null)).toHaveLength(4);
});
