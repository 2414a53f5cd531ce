import { parse } from 'csv-parse/sync';
import { describe, expect, test } from 'vitest';
import { salesforceId } from '../../../sandbox/salesforce/ids.ts';
import { contactId, orgForEachTest, V } from './org.ts';

const crm = orgForEachTest();
const { call } = crm;

describe('bulk', () => {
  const until = async (path: string) => {
    for (;;) {
      const { json } = await call('GET', path);
      if (json.state !== 'UploadComplete' && json.state !== 'InProgress') return json;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const csv = (text: string): Record<string, string>[] => parse(text, { columns: true });

  test('a query gives pages with their own header, a locator between them and the word null at the end', async () => {
    const start = (delayMs: number) => {
      crm.org.admin.setBulk({ delayMs });
      const query = 'SELECT Id, Email, Account.Name FROM Contact';
      return call('POST', `${V}/jobs/query`, { operation: 'query', query });
    };
    const slow = await start(600_000);
    expect(slow.json).toMatchObject({ state: 'UploadComplete', object: 'Contact', apiVersion: 66 });
    expect((await call('GET', `${V}/jobs/query/${slow.json.id}/results`)).status).toBe(400);
    const job = await start(40);
    expect(await until(`${V}/jobs/query/${job.json.id}`)).toMatchObject({
      state: 'JobComplete',
      numberRecordsProcessed: 450,
    });
    const seen: string[] = [];
    const pages: number[] = [];
    for (let locator = ''; locator !== 'null'; ) {
      const page = await call(
        'GET',
        `${V}/jobs/query/${job.json.id}/results?maxRecords=200${locator && `&locator=${locator}`}`,
      );
      locator = page.headers.get('sforce-locator') ?? 'null';
      const rows = csv(page.text);
      expect(Object.keys(rows[0] ?? {})).toEqual(['Id', 'Email', 'Account.Name']);
      expect(page.headers.get('sforce-numberofrecords')).toBe(String(rows.length));
      pages.push(rows.length);
      seen.push(...rows.map((row) => row.Id ?? ''));
    }
    expect(pages).toEqual([200, 200, 50]);
    expect(new Set(seen).size).toBe(450);
    expect((await call('GET', `/services/data/v65.0/jobs/query/${job.json.id}/results`)).status).toBe(409);
  });

  test('an ingest job tells every row apart: written, failed, unprocessed; empty leaves, #N/A empties', async () => {
    const create = async () => {
      const job = await call('POST', `${V}/jobs/ingest`, {
        object: 'Contact',
        operation: 'update',
        contentType: 'CSV',
        lineEnding: 'LF',
      });
      return `${V}/jobs/ingest/${job.json.id}`;
    };
    const job = await create();
    const rows = [
      `${contactId(1)},,Quality`,
      `${contactId(2)},#N/A,Price`,
      `${contactId(3)},bad,Speed`,
      `${salesforceId('003', 99_999)},a@b.example,Speed`,
    ];
    expect(
      (
        await call('PUT', `${job}/batches`, `Id,Email,Needs__c\n${rows.join('\n')}\n`, {
          'content-type': 'text/csv',
        })
      ).status,
    ).toBe(201);
    expect((await call('PATCH', job, { state: 'UploadComplete' })).json.state).toBe('UploadComplete');
    expect(await until(job)).toMatchObject({
      state: 'JobComplete',
      numberRecordsProcessed: 4,
      numberRecordsFailed: 2,
    });
    const good = csv((await call('GET', `${job}/successfulResults`)).text);
    expect(good.map((row) => row.sf__Id).sort()).toEqual([contactId(1), contactId(2)]);
    const bad = csv((await call('GET', `${job}/failedResults`)).text);
    expect(bad.map((row) => row.sf__Error?.split(':')[0]).sort()).toEqual([
      'INVALID_CROSS_REFERENCE_KEY',
      'INVALID_EMAIL_ADDRESS',
    ]);
    expect(crm.org.admin.record(contactId(1))).toMatchObject({ Email: null, Needs__c: 'Quality' });
    expect(crm.org.admin.record(contactId(2))).toMatchObject({ Email: null, Needs__c: 'Price' });

    crm.org.admin.setBulk({ unprocessedShare: 1 });
    const second = await create();
    await call('PUT', `${second}/batches`, `Id,Title\n${contactId(5)},x\n`, { 'content-type': 'text/csv' });
    await call('PATCH', second, { state: 'UploadComplete' });
    await until(second);
    expect(csv((await call('GET', `${second}/unprocessedrecords`)).text)).toEqual([
      { Id: contactId(5), Title: 'x' },
    ]);
    expect(crm.org.admin.record(contactId(5))?.Title).toBeNull();
  });
});
