import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { salesforceId, toId18 } from '../../sandbox/salesforce/ids.ts';
import { type SalesforceSandbox, startSalesforce } from '../../sandbox/salesforce/index.ts';
import type { SalesforceSeed } from '../../sandbox/salesforce/load.ts';

const day = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 86_400_000).toISOString();

/** 450 contacts in 45 accounts; the first 300 changed in one and the same second. */
function smallSeed(): SalesforceSeed {
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

let org: SalesforceSandbox;
let token: string;

beforeEach(async () => {
  org = await startSalesforce({ seed: smallSeed(), shortPages: 0, bulk: { delayMs: 40 } });
  token = org.issueInstall().accessToken;
});
afterEach(() => org.stop());

const V = '/services/data/v66.0';
const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
  const response = await fetch(org.url + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      'sforce-auto-assign': 'FALSE',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json');
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : null };
};
const soql = (q: string, headers = {}) =>
  call('GET', `${V}/query?q=${encodeURIComponent(q)}`, undefined, headers);
const ids = (reply: { json: { records: { Id: string }[] } }) => reply.json.records.map((record) => record.Id);
const contactId = (n: number) => salesforceId('003', n);

test('a known id keeps its published suffix, and a wrong suffix is no id', () => {
  expect(toId18('001A0000006Vm9u')).toBe('001A0000006Vm9uIAC');
  expect(toId18('001A0000006Vm9uAAA')).toBeNull();
});

describe('queries', () => {
  test.each([
    ["SELECT Id FROM Contact WHERE Id IN ('@1','@2')", 2],
    ['SELECT Id FROM Contact WHERE Email = null', 45],
    ["SELECT Id FROM Contact WHERE Email = 'P1@EXAMPLE.COM'", 1],
    ['SELECT Id FROM Contact WHERE HasOptedOutOfEmail = true AND (NOT Email = null)', 9],
    ["SELECT Id FROM Contact WHERE Needs__c INCLUDES ('Price;Speed')", 300],
    ["SELECT Id FROM Contact WHERE Needs__c EXCLUDES ('Price')", 150],
    ["SELECT Id FROM Contact WHERE LastName LIKE 'last1_'", 10],
    [
      "SELECT Id FROM Contact WHERE Account.Owner.Email = 'ann@example.com' AND Account.Industry = 'Banking' LIMIT 3",
      3,
    ],
    [
      'SELECT Id FROM Contact WHERE Id IN (SELECT ContactId FROM OpportunityContactRole WHERE IsPrimary = true)',
      1,
    ],
    ['SELECT Id FROM Opportunity WHERE IsWon = true AND Amount >= 1200.5 AND CloseDate < 2026-02-02', 1],
    ['SELECT Id FROM Contact WHERE Individual.HasOptedOutProfiling = true', 1],
    ['SELECT Id FROM Account WHERE IsPersonAccount = true AND PersonEmail != null', 1],
    ['SELECT Id FROM Account WHERE CreatedDate = LAST_N_DAYS:1', 0],
  ])('%s finds %i', async (q, count) => {
    const reply = await soql(q.replace('@1', contactId(1)).replace('@2', contactId(2).slice(0, 15)));
    expect(reply.json).toMatchObject({ totalSize: count, done: true });
  });

  test.each([
    ['SELECT Nope__c FROM Contact', 'INVALID_FIELD', /No such column 'Nope__c'/],
    [
      "SELECT Id FROM Contact WHERE Email = 'a' OR Email = 'b' AND LastName = 'c'",
      'MALFORMED_QUERY',
      /parentheses/,
    ],
    ['SELECT Id FROM', 'MALFORMED_QUERY', /./],
    ['SELECT Id FROM Nothing', 'INVALID_TYPE', /Nothing/],
    ["SELECT Id FROM Contact WHERE CreatedDate > '2024-01-01'", 'INVALID_FIELD', /should not be enclosed/],
  ])('%s is refused with %s', async (q, code, message) => {
    const reply = await soql(q);
    expect(reply.status).toBe(400);
    expect(reply.json[0]).toMatchObject({ errorCode: code, message: expect.stringMatching(message) });
  });

  test('a keyset over (SystemModstamp, Id) gives every row once, though 300 share their second', async () => {
    const seen: string[] = [];
    let after = '';
    for (let page = 0; page < 10; page++) {
      const reply = await soql(
        `SELECT Id, SystemModstamp FROM Contact ${after} ORDER BY SystemModstamp, Id LIMIT 100`,
      );
      seen.push(...ids(reply));
      const last = reply.json.records.at(-1);
      if (!last || reply.json.records.length < 100) break;
      after = `WHERE SystemModstamp > ${last.SystemModstamp} OR (SystemModstamp = ${last.SystemModstamp} AND Id > '${last.Id}')`;
    }
    expect(seen).toHaveLength(450);
    expect(new Set(seen).size).toBe(450);
  });

  test('further pages follow their locator until it is forgotten', async () => {
    const first = await soql('SELECT Id FROM Contact', { 'sforce-query-options': 'batchSize=200' });
    expect(first.json).toMatchObject({ totalSize: 450, done: false });
    const second = await call('GET', first.json.nextRecordsUrl, undefined, {
      'sforce-query-options': 'batchSize=200',
    });
    expect(new Set([...ids(first), ...ids(second)]).size).toBe(400);
    org.admin.forgetLocators();
    const third = await call('GET', second.json.nextRecordsUrl);
    expect(third.json[0].errorCode).toBe('INVALID_QUERY_LOCATOR');
  });

  test('counts and groups', async () => {
    expect((await soql('SELECT COUNT() FROM Contact')).json).toEqual({
      totalSize: 450,
      done: true,
      records: [],
    });
    const groups = await soql(
      'SELECT Industry, COUNT(Id) n FROM Account WHERE IsPersonAccount = false GROUP BY Industry',
    );
    expect(groups.json.records.map((one: { n: number }) => one.n).sort()).toEqual([22, 23]);
  });

  test('every reply says how much of the day is used', async () => {
    const reply = await soql('SELECT Id FROM User');
    expect(reply.headers.get('sforce-limit-info')).toBe('api-usage=1/115000');
  });
});

describe('writes', () => {
  const update = (records: unknown[], headers = {}) =>
    call('PATCH', `${V}/composite/sobjects`, { allOrNone: false, records }, headers);
  const contact = (n: number, values: object) => ({
    attributes: { type: 'Contact' },
    Id: contactId(n),
    ...values,
  });

  test('a collection answers row by row, in order', async () => {
    org.admin.delete(contactId(3));
    org.admin.refuseWrites(contactId(4), 'FIELD_CUSTOM_VALIDATION_EXCEPTION', 'not on Fridays');
    const reply = await update([
      contact(1, { Needs__c: 'Speed;Price' }),
      contact(2, { Nope__c: 1 }),
      contact(3, { Title: 'x' }),
      contact(4, { Title: 'x' }),
      contact(5, { Email: 'no address' }),
      contact(9, { Title: 'x' }),
    ]);
    expect(reply.status).toBe(200);
    expect(
      reply.json.map(
        (row: { success: boolean; errors: { statusCode: string }[] }) =>
          row.errors[0]?.statusCode ?? row.success,
      ),
    ).toEqual([
      true,
      'INVALID_FIELD',
      'ENTITY_IS_DELETED',
      'FIELD_CUSTOM_VALIDATION_EXCEPTION',
      'INVALID_EMAIL_ADDRESS',
      'FIELD_INTEGRITY_EXCEPTION',
    ]);
    expect(org.admin.record(contactId(1))).toMatchObject({ Needs__c: 'Price;Speed' });
    expect(org.journal.totals()).toMatchObject({ writes: 1, rowsWritten: 1, rulesBroken: 0 });
  });

  test('more than 200 rows, or no assignment header, is a broken rule', async () => {
    const many = await update(Array.from({ length: 201 }, (_, n) => contact(n + 1, { Title: 'x' })));
    expect(many.status).toBe(400);
    await update([contact(1, { Title: 'x' })], { 'sforce-auto-assign': '' });
    expect(org.journal.totals().rules).toEqual({ oversized_batch: 1, assignment_header_missing: 1 });
  });

  test('a write moves SystemModstamp and the row in the order', async () => {
    await update([contact(10, { Title: 'moved' })]);
    const reply = await soql('SELECT Id FROM Contact ORDER BY SystemModstamp DESC, Id LIMIT 1');
    expect(ids(reply)).toEqual([contactId(10)]);
    const inOrder = await soql(
      `SELECT Id FROM Contact WHERE SystemModstamp > ${day(600)} ORDER BY SystemModstamp, Id`,
    );
    expect(inOrder.json.totalSize).toBe(0);
  });

  test('a person account is one person with two ids, written through the account', async () => {
    const [account] = org.admin.allRecords('Account').filter((one) => one.IsPersonAccount);
    expect(account).toMatchObject({
      PersonContactId: contactId(9),
      Name: 'First8 Last8',
      Needs__pc: 'Price;Speed',
    });
    const reply = await update([{ attributes: { type: 'Account' }, Id: account?.Id, Needs__pc: 'Quality' }]);
    expect(reply.json[0].success).toBe(true);
    expect(org.admin.record(contactId(9))).toMatchObject({ Needs__c: 'Quality' });
  });

  test('a merge takes the loser to the bin and moves its children without a stamp', async () => {
    const [role] = org.admin.find('OpportunityContactRole', 'ContactId', contactId(2));
    org.admin.merge(contactId(1), [contactId(2)]);
    const gone = await call(
      'GET',
      `${V}/queryAll?q=${encodeURIComponent('SELECT Id, MasterRecordId, IsDeleted FROM Contact WHERE IsDeleted = true')}`,
    );
    expect(gone.json.records).toMatchObject([
      { Id: contactId(2), MasterRecordId: contactId(1), IsDeleted: true },
    ]);
    expect(org.admin.record(role?.Id ?? '')).toMatchObject({
      ContactId: contactId(1),
      SystemModstamp: role?.SystemModstamp,
    });
    const start = new Date(Date.now() - 60_000).toISOString();
    const end = new Date(Date.now() + 60_000).toISOString();
    const log = await call('GET', `${V}/sobjects/Contact/deleted?start=${start}&end=${end}`);
    expect(log.json.deletedRecords).toMatchObject([{ id: contactId(2) }]);
  });

  test('deleting takes the children along and undeleting brings them back', async () => {
    const before = org.admin.count('OpportunityContactRole');
    org.admin.delete(contactId(1));
    expect(org.admin.count('OpportunityContactRole')).toBe(before - 1);
    org.admin.undelete(contactId(1));
    expect(org.admin.count('OpportunityContactRole')).toBe(before);
  });

  test('campaign members are held once, with a status of their campaign', async () => {
    const campaign = await call('POST', `${V}/sobjects/Campaign`, {
      Name: 'Segment: loyal',
      Type: 'Other',
      IsActive: false,
    });
    const CampaignId = campaign.json.id;
    await call('POST', `${V}/sobjects/CampaignMemberStatus`, {
      CampaignId,
      Label: 'Left',
      SortOrder: 3,
      HasResponded: false,
    });
    const member = (values: object) => ({ attributes: { type: 'CampaignMember' }, CampaignId, ...values });
    const create = (records: unknown[]) => call('POST', `${V}/composite/sobjects`, { records });
    const reply = await create([
      member({ ContactId: contactId(1) }),
      member({ ContactId: contactId(1) }),
      member({ ContactId: contactId(2), Status: 'Nope' }),
    ]);
    expect(
      reply.json.map((row: { errors: { statusCode: string }[] }) => row.errors[0]?.statusCode ?? 'ok'),
    ).toEqual(['ok', 'DUPLICATE_VALUE', 'INVALID_STATUS']);
    await update([{ attributes: { type: 'CampaignMember' }, Id: reply.json[0].id, Status: 'Left' }]);
    expect(org.admin.campaigns()).toMatchObject([
      { name: 'Segment: loyal', isActive: false, members: [{ contactId: contactId(1), status: 'Left' }] },
    ]);
  });
});
