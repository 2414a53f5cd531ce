import { describe, expect, test } from 'vitest';
import { contactId, orgForEachTest, V } from './org.ts';

const crm = orgForEachTest();
const { call, soql } = crm;

describe('limits and faults', () => {
  test('the day is over when its calls are used', async () => {
    crm.org.quota.used = crm.org.quota.limit;
    const reply = await soql('SELECT Id FROM User');
    expect(reply.status).toBe(403);
    expect(reply.json[0].errorCode).toBe('REQUEST_LIMIT_EXCEEDED');
    expect(crm.org.journal.totals().throttled).toBe(1);
  });

  test('a planned partial failure locks rows and leaves them as they were', async () => {
    crm.org.faults.replace({ rules: [{ match: 'PATCH .*composite', fault: { kind: 'partial', share: 1 } }] });
    const reply = await call('PATCH', `${V}/composite/sobjects`, {
      records: [{ attributes: { type: 'Contact' }, Id: contactId(1), Title: 'x' }],
    });
    expect(reply.json[0].errors[0].statusCode).toBe('UNABLE_TO_LOCK_ROW');
    expect(crm.org.admin.record(contactId(1))?.Title).toBeNull();
  });

  test('old versions are gone, unknown ones are not found', async () => {
    expect((await call('GET', '/services/data/v25.0/sobjects')).status).toBe(410);
    expect((await call('GET', '/services/data/v99.0/sobjects')).status).toBe(404);
  });
});
