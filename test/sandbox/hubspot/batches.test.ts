import { describe, expect, test } from 'vitest';
import { brokenRules, CONTACTS, type Json, portal } from './portal.ts';

describe('batches', () => {
  test('good rows are written, each bad row has its own reason', async () => {
    const { hub, call, id } = await portal();
    const { status, body } = await call('POST', `${CONTACTS}/batch/update`, {
      inputs: [
        { id: id('p1'), properties: { plan: 'paid' } },
        { id: id('p2'), properties: { plan: 'platinum' } },
        { id: id('p3'), properties: { nonsense: '1' } },
        { id: id('p4'), properties: { hs_email_optout: 'true' } },
        { id: id('p5'), properties: { trial_ends: 'tomorrow' } },
        { id: id('p6'), properties: { email: 'p7@example.com' } },
        { id: '404404', properties: { plan: 'paid' } },
      ],
    });
    expect(status).toBe(207);
    expect(body.results.map((each: Json) => each.id)).toEqual([id('p1')]);
    expect(hub.admin.record('contact', id('p1'))?.properties.plan).toBe('paid');
    const reasons = Object.fromEntries(body.errors.map((each: Json) => [each.context.ids[0], each.message]));
    expect(reasons[id('p2')]).toContain('INVALID_OPTION');
    expect(reasons[id('p3')]).toContain('PROPERTY_DOESNT_EXIST');
    expect(reasons[id('p4')]).toContain('READ_ONLY_VALUE');
    expect(reasons[id('p5')]).toContain('INVALID_DATE');
    expect(reasons[id('p6')]).toContain(`Existing ID: ${id('p7')}`);
    expect(reasons['404404']).toContain('may be deleted or not exist');
    expect(hub.journal.totals()).toMatchObject({ rowsWritten: 1, rulesBroken: 0 });
  });

  test('answers come in no particular order', async () => {
    const { call, id } = await portal();
    const ids = Array.from({ length: 30 }, (_, index) => id(`p${index + 1}`));
    const { body } = await call('POST', `${CONTACTS}/batch/read`, {
      inputs: ids.map((each) => ({ id: each })),
      properties: [],
    });
    const got = body.results.map((each: Json) => each.id);
    expect(got).not.toEqual(ids);
    expect(got.toSorted()).toEqual(ids.toSorted());
  });

  test.each([
    [
      'more than 100 rows',
      Array.from({ length: 101 }, (_, index) => ({ id: String(index), properties: {} })),
      'oversized_batch',
    ],
    [
      'the same id twice',
      [
        { id: '1', properties: {} },
        { id: '1', properties: {} },
      ],
      'same_id_twice',
    ],
  ])('%s is refused and written down', async (_name, inputs, rule) => {
    const { hub, call } = await portal();
    expect((await call('POST', `${CONTACTS}/batch/update`, { inputs })).status).toBe(400);
    expect(brokenRules(hub)).toEqual({ [rule]: 1 });
  });

  test('a multi-checkbox takes a list, a leading semicolon adds to it, an empty text clears it', async () => {
    const { call, id } = await portal();
    const write = async (loyalty: string) =>
      (await call('PATCH', `${CONTACTS}/${id('p1')}`, { properties: { loyalty } })).body.properties.loyalty;
    expect(await write('gold')).toBe('gold');
    expect(await write(';silver')).toBe('gold;silver');
    expect(await write('old')).toBe('old');
    expect(await write('')).toBeNull();
  });

  test('upsert by e-mail says which records are new', async () => {
    const { call, id } = await portal();
    const { body } = await call('POST', `${CONTACTS}/batch/upsert`, {
      inputs: ['P1@example.com', 'new@example.com'].map((email) => ({
        id: email,
        idProperty: 'email',
        properties: { plan: 'free' },
      })),
    });
    const byNew = Object.fromEntries(body.results.map((each: Json) => [String(each.new), each.id]));
    expect(byNew.false).toBe(id('p1'));
    expect(byNew.true).not.toBe(id('p1'));
  });

  test('create refuses all for one bad row, unless every row carries a trace id', async () => {
    const { hub, call } = await portal();
    const rows = [{ properties: { email: 'a@example.com' } }, { properties: { plan: 'bad' } }];
    expect((await call('POST', `${CONTACTS}/batch/create`, { inputs: rows })).status).toBe(400);
    expect(hub.admin.count('contact')).toBe(30);
    const traced = rows.map((each, index) => ({ ...each, objectWriteTraceId: `t${index}` }));
    const { status, body } = await call('POST', `${CONTACTS}/batch/create`, { inputs: traced });
    expect([status, body.results[0].objectWriteTraceId, body.errors[0].context.objectWriteTraceId]).toEqual([
      207,
      't0',
      ['t1'],
    ]);
  });

  test('our own write changes the modified date, an association does not', async () => {
    const { hub, call, id } = await portal();
    const modified = (type: 'contact' | 'company', ref: string) =>
      hub.admin.record(type, id(ref, type))?.updatedAt;
    await call('PATCH', `${CONTACTS}/${id('p1')}`, { properties: { plan: 'free' } });
    expect(modified('contact', 'p1')).not.toBe('2026-02-01T00:00:00.000Z');
    await call('PUT', `${CONTACTS}/${id('p20')}/associations/companies/${id('acme', 'company')}`, []);
    expect(modified('contact', 'p20')).toBe('2026-02-01T00:00:00.000Z');
    expect(modified('company', 'acme')).toBe('2026-02-01T00:00:00.000Z');
  });
});
