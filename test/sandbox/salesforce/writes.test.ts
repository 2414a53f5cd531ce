import { describe, expect, test } from 'vitest';
import { contactId, ids, orgForEachTest, V } from './org.ts';
import { day } from './seed.ts';

const crm = orgForEachTest();
const { call, soql } = crm;

describe('writes', () => {
  const update = (records: unknown[], headers = {}) =>
    call('PATCH', `${V}/composite/sobjects`, { allOrNone: false, records }, headers);
  const contact = (n: number, values: object) => ({
    attributes: { type: 'Contact' },
    Id: contactId(n),
    ...values,
  });

  test('a collection answers row by row, in order', async () => {
    crm.org.admin.delete(contactId(3));
    crm.org.admin.refuseWrites(contactId(4), 'FIELD_CUSTOM_VALIDATION_EXCEPTION', 'not on Fridays');
    const reply = await update([
      contact(1, { Needs__c: 'Speed;Price' }),
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
      'ENTITY_IS_DELETED',
      'FIELD_CUSTOM_VALIDATION_EXCEPTION',
      'INVALID_EMAIL_ADDRESS',
      'FIELD_INTEGRITY_EXCEPTION',
    ]);
    expect(crm.org.admin.record(contactId(1))).toMatchObject({ Needs__c: 'Price;Speed' });
    expect(crm.org.journal.totals()).toMatchObject({ writes: 1, rowsWritten: 1, rulesBroken: 0 });
  });

  test('more than 200 rows, or no assignment header, is a broken rule', async () => {
    const many = await update(Array.from({ length: 201 }, (_, n) => contact(n + 1, { Title: 'x' })));
    expect(many.status).toBe(400);
    await update([contact(1, { Title: 'x' })], { 'sforce-auto-assign': '' });
    expect(crm.org.journal.totals().rules).toEqual({ oversized_batch: 1, assignment_header_missing: 1 });
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
    const [account] = crm.org.admin.allRecords('Account').filter((one) => one.IsPersonAccount);
    expect(account).toMatchObject({
      PersonContactId: contactId(9),
      Name: 'First8 Last8',
      Needs__pc: 'Price;Speed',
    });
    const reply = await update([{ attributes: { type: 'Account' }, Id: account?.Id, Needs__pc: 'Quality' }]);
    expect(reply.json[0].success).toBe(true);
    expect(crm.org.admin.record(contactId(9))).toMatchObject({ Needs__c: 'Quality' });
  });

  test('a merge takes the loser to the bin and moves its children without a stamp', async () => {
    const [role] = crm.org.admin.find('OpportunityContactRole', 'ContactId', contactId(2));
    crm.org.admin.merge(contactId(1), [contactId(2)]);
    const gone = await call(
      'GET',
      `${V}/queryAll?q=${encodeURIComponent('SELECT Id, MasterRecordId, IsDeleted FROM Contact WHERE IsDeleted = true')}`,
    );
    expect(gone.json.records).toMatchObject([
      { Id: contactId(2), MasterRecordId: contactId(1), IsDeleted: true },
    ]);
    expect(crm.org.admin.record(role?.Id ?? '')).toMatchObject({
      ContactId: contactId(1),
      SystemModstamp: role?.SystemModstamp,
    });
    const start = new Date(Date.now() - 60_000).toISOString();
    const end = new Date(Date.now() + 60_000).toISOString();
    const log = await call('GET', `${V}/sobjects/Contact/deleted?start=${start}&end=${end}`);
    expect(log.json.deletedRecords).toMatchObject([{ id: contactId(2) }]);
  });

  test('deleting takes the children along and undeleting brings them back', async () => {
    const before = crm.org.admin.count('OpportunityContactRole');
    crm.org.admin.delete(contactId(1));
    expect(crm.org.admin.count('OpportunityContactRole')).toBe(before - 1);
    crm.org.admin.undelete(contactId(1));
    expect(crm.org.admin.count('OpportunityContactRole')).toBe(before);
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
    expect(crm.org.admin.campaigns()).toMatchObject([
      { name: 'Segment: loyal', isActive: false, members: [{ contactId: contactId(1), status: 'Left' }] },
    ]);
  });
});
