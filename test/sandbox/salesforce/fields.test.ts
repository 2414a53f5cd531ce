import { Connection } from 'jsforce';
import { describe, expect, test } from 'vitest';
import { contactId, orgForEachTest, V } from './org.ts';

const crm = orgForEachTest();
const { call, soql } = crm;

describe('fields', () => {
  const picklist = (values: string[], more = {}) => ({
    type: 'Picklist',
    label: 'Segment',
    description: 'made by us',
    valueSet: {
      restricted: true,
      valueSetDefinition: {
        sorted: false,
        value: values.map((valueName) => ({ valueName, label: valueName, default: false })),
      },
    },
    ...more,
  });
  const names = async (object: string) =>
    (await call('GET', `${V}/sobjects/${object}/describe`)).json.fields.map(
      (one: { name: string }) => one.name,
    );

  test('a created field is seen by nobody until it is granted, then takes its own values only', async () => {
    const made = await call('POST', `${V}/tooling/sobjects/CustomField`, {
      FullName: 'Contact.Segment__c',
      Metadata: picklist(['loyal', 'new']),
    });
    expect(made.status).toBe(201);
    expect(await names('Contact')).not.toContain('Segment__c');
    expect((await soql('SELECT Segment__c FROM Contact LIMIT 1')).json[0].errorCode).toBe('INVALID_FIELD');

    const set = await call('POST', `${V}/sobjects/PermissionSet`, {
      Name: 'Segment_Sync',
      Label: 'Segment Sync',
    });
    const { json: user } = await call('GET', '/services/oauth2/userinfo');
    await call('POST', `${V}/sobjects/PermissionSetAssignment`, {
      AssigneeId: user.user_id,
      PermissionSetId: set.json.id,
    });
    const grant = await call('POST', `${V}/composite/sobjects`, {
      records: [
        {
          attributes: { type: 'FieldPermissions' },
          ParentId: set.json.id,
          SobjectType: 'Contact',
          Field: 'Contact.Segment__c',
          PermissionsRead: true,
          PermissionsEdit: true,
        },
      ],
    });
    expect(grant.json[0].success).toBe(true);
    expect(await names('Contact')).toContain('Segment__c');
    expect(await names('Account')).toContain('Segment__pc');

    const write = async (value: string) =>
      (
        await call('PATCH', `${V}/composite/sobjects`, {
          records: [{ attributes: { type: 'Contact' }, Id: contactId(1), Segment__c: value }],
        })
      ).json[0];
    expect(await write('loyal')).toMatchObject({ success: true });
    expect(await write('lost')).toMatchObject({
      success: false,
      errors: [{ statusCode: 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST', fields: ['Segment__c'] }],
    });
    await call('PATCH', `${V}/tooling/sobjects/CustomField/${made.json.id}`, {
      Metadata: picklist(['loyal', 'new', 'lost']),
    });
    expect(await write('lost')).toMatchObject({ success: true });
    const found = await call(
      'GET',
      `${V}/tooling/query?q=${encodeURIComponent("SELECT Id, DeveloperName, Metadata FROM CustomField WHERE TableEnumOrId = 'Contact' AND DeveloperName = 'Segment'")}`,
    );
    expect(found.json.records[0]).toMatchObject({
      Id: made.json.id,
      Metadata: { description: 'made by us' },
    });
  });

  test('a hidden field is gone from describe, queries and writes', async () => {
    crm.org.admin.hideField('Contact.Email');
    expect(await names('Contact')).not.toContain('Email');
    expect((await soql('SELECT Email FROM Contact')).status).toBe(400);
    crm.org.admin.showField('Contact.Email');
    expect(await names('Contact')).toContain('Email');
  });

  test('jsforce makes fields and list views through metadata, and the view shows its members', async () => {
    const conn = new Connection({ instanceUrl: crm.org.url, accessToken: crm.token, version: '66.0' });
    const made = await conn.metadata.create('ListView', {
      fullName: 'Contact.Segment_price',
      label: 'Segment: price',
      filterScope: 'Everything',
      columns: ['FULL_NAME', 'CONTACT.EMAIL'],
      filters: [
        { field: 'Needs__c', operation: 'includes', value: 'Quality' },
        { field: 'HasOptedOutOfEmail', operation: 'equals', value: '0' },
      ],
    } as never);
    expect(made).toMatchObject({ success: true, fullName: 'Contact.Segment_price' });
    const [view] = crm.org.admin.listViews();
    const expected = crm.org.admin
      .allRecords('Contact')
      .filter((one) => String(one.Needs__c).includes('Quality') && !one.HasOptedOutOfEmail);
    expect(view?.members.length).toBe(expected.length);
    const results = await call('GET', `${V}/sobjects/Contact/listviews/${view?.id}/results?limit=2000`);
    expect(results.json.size).toBe(expected.length);
    const read = await conn.metadata.read('ListView', 'Contact.Segment_price');
    expect(read).toMatchObject({ label: 'Segment: price' });
    expect(await conn.metadata.delete('ListView', 'Contact.Segment_price')).toMatchObject({ success: true });

    const field = await conn.metadata.create('CustomField', {
      fullName: 'Account.Tier__c',
      type: 'Text',
      label: 'Tier',
      length: 40,
    } as never);
    expect(field).toMatchObject({ success: true });
    expect(
      await conn.metadata.create('CustomField', {
        fullName: 'Account.Tier__c',
        type: 'Text',
        label: 'Tier',
        length: 40,
      } as never),
    ).toMatchObject({ success: false, errors: [{ statusCode: 'DUPLICATE_DEVELOPER_NAME' }] });
    expect(crm.org.journal.totals()).toMatchObject({ rulesBroken: 0, writes: 4 });
  });

  test('jsforce queries, reads describe and follows the limit header', async () => {
    const conn = new Connection({ instanceUrl: crm.org.url, accessToken: crm.token, version: '66.0' });
    const result = await conn.query<{ Name: string }>(
      'SELECT Name, Account.Name FROM Contact ORDER BY Id LIMIT 1',
    );
    expect(result.records[0]).toMatchObject({ Name: 'First0 Last0', Account: { Name: 'Account 1' } });
    expect((await conn.sobject('Lead').describe()).fields.length).toBeGreaterThan(30);
    expect(conn.limitInfo.apiUsage?.used).toBe(2);
    await expect(conn.query('SELECT Nope FROM Contact')).rejects.toMatchObject({
      errorCode: 'INVALID_FIELD',
    });
  });
});
