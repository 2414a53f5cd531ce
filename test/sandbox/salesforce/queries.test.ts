import { describe, expect, test } from 'vitest';
import { toId18 } from '../../../sandbox/salesforce/ids.ts';
import { contactId, ids, orgForEachTest } from './org.ts';

const crm = orgForEachTest();
const { call, soql } = crm;

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
    crm.org.admin.forgetLocators();
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
