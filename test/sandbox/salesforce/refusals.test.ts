import { expect, test } from 'vitest';
import { contactId, orgForEachTest, V } from './org.ts';

const crm = orgForEachTest();
const { call, soql } = crm;

const bulk = (query: string) => call('POST', `${V}/jobs/query`, { operation: 'query', query });

test('an address as a whole is for REST alone', async () => {
  const read = await soql('SELECT MailingAddress FROM Contact LIMIT 1');
  expect(read.json.records[0].MailingAddress).toHaveProperty('city');
  const refused = await bulk('SELECT Id, MailingAddress FROM Contact');
  expect([refused.status, refused.json[0].errorCode]).toEqual([400, 'FUNCTIONALITY_NOT_ENABLED']);
});

test('an object that is hidden is not there, and not to be reached over a relationship', async () => {
  crm.org.admin.hideObject('Account');
  expect((await call('GET', `${V}/sobjects/Account/describe`)).status).toBe(404);
  expect((await soql('SELECT Id FROM Account')).json[0].errorCode).toBe('INVALID_TYPE');
  expect((await soql('SELECT Account.Name FROM Contact')).status).toBeGreaterThanOrEqual(400);
  crm.org.admin.showObject('Account');
  expect((await soql('SELECT Id FROM Account')).status).toBe(200);
});

test.each(['Description', 'MailingAddress'])('%s can not be filtered by', async (name) => {
  expect((await soql(`SELECT Id FROM Contact WHERE ${name} = 'x'`)).json[0].errorCode).toBe('INVALID_FIELD');
});

test('a collection with an unknown field is refused as a whole', async () => {
  const records = [
    { attributes: { type: 'Contact' }, id: contactId(1), LastName: 'Changed' },
    { attributes: { type: 'Contact' }, id: contactId(2), Nothing__c: 'x' },
  ];
  const refused = await call('PATCH', `${V}/composite/sobjects`, { allOrNone: false, records });
  expect([refused.status, refused.json[0].errorCode]).toEqual([400, 'INVALID_FIELD']);
  expect(crm.org.admin.record(contactId(1))?.LastName).not.toBe('Changed');
});

test('a bulk job takes rows twice and then can not be closed', async () => {
  const { json: job } = await call('POST', `${V}/jobs/ingest`, { object: 'Contact', operation: 'update' });
  const put = () => call('PUT', `${V}/jobs/ingest/${job.id}/batches`, 'Id\n', { 'content-type': 'text/csv' });
  expect([(await put()).status, (await put()).status]).toEqual([201, 201]);
  const closed = await call('PATCH', `${V}/jobs/ingest/${job.id}`, { state: 'UploadComplete' });
  expect([closed.status, closed.json[0].errorCode]).toEqual([400, 'INVALIDJOB']);
  const ended = await call('PATCH', `${V}/jobs/ingest/${job.id}`, { state: 'Aborted' });
  expect(ended.json.state).toBe('Aborted');
});
