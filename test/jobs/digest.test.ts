import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digest, readOwners } from '../../jobs/digest.ts';
import type { JobContext } from '../../jobs/index.ts';
import { weekOf } from '../../src/pipeline/plays/week.ts';
import { RulesSegmentation } from '../../src/segmentation/definition.ts';
import { ensureAccount, saveMember } from '../../src/store/accounts.ts';
import { listAttributes } from '../../src/store/columns.ts';
import { beginSession } from '../../src/store/sessions.ts';
import { clearOf, DAY_MS } from '../clear-of.ts';
import { openRig, type Rig } from '../integration/rig.ts';
import { customers, hubspotId, hubspotShop, salesforceShop } from '../integration/shop.ts';
import { type ServerRig, startServer } from '../server/rig.ts';
import { type MailServer, startMailServer } from '../smtp.ts';

const care = RulesSegmentation.parse({
  key: 'care',
  name: 'Care',
  subject: 'person',
  method: 'rules',
  segments: [
    {
      key: 'at_risk',
      name: 'At risk',
      when: { attribute: 'deal_count', atLeast: 1 },
      attention: 'at_risk',
      play: { channel: 'phone', message: 'Ask how they are', budget: 100 },
    },
    { key: 'other', name: 'Others', when: { attribute: 'deal_count', below: 1 } },
  ],
});

const PEOPLE = customers(40);
let server: ServerRig;
let mail: MailServer;
let rig: Rig;
beforeAll(async () => {
  mail = await startMailServer();
  server = await startServer({ env: { SMTP_URL: mail.url } });
  const seed = hubspotShop(PEOPLE);
  const owned = seed.contacts.map((row, i) => ({
    ...row,
    properties: { ...row.properties, hubspot_owner_id: i % 2 === 0 ? '71' : '72' },
  }));
  const owners = [
    { ref: '71', email: 'Ada@Example.com', name: 'Ada Rep' },
    { ref: '72', email: 'ben@example.com', name: 'Ben Rep' },
  ];
  rig = await openRig(server.database, {
    hubspot: { ...seed, contacts: owned, owners },
    salesforce: {
      ...salesforceShop([]),
      owners: [{ ref: 'u1', email: 'cleo@example.com', name: 'Cleo Rep' }],
    },
  });
  await rig.connect('hubspot');
  await rig.connect('salesforce');
  await rig.publish(care);
  await rig.run({ asOf: new Date() });
  await rig.run({ asOf: new Date() });
});
afterAll(async () => {
  await rig?.stop();
  await server?.close();
  await mail?.close();
});

const context = (): JobContext => ({
  pool: rig.pool,
  queue: server.parts.backend.queue,
  openConnections: rig.openConnections,
  notify: { ...server.parts, keys: server.parts.store.keys },
  signal: new AbortController().signal,
  log: server.parts.log,
});
const member = async (email: string) => {
  const account = await ensureAccount(rig.pool, { email });
  await saveMember(rig.pool, rig.tenant, { accountId: account.id, role: 'viewer', addedBy: 'test' });
  const cookie = await beginSession(rig.pool, { accountId: account.id, tenantId: rig.tenant.id });
  return { id: account.id, visitor: { email, cookie: `session=${cookie}`, csrf: '' } };
};
type List = {
  isOwner: boolean;
  items: { id: string; name: string; labels: { segment: string; play: unknown }[] }[];
};
const list = async (as: Awaited<ReturnType<typeof member>>, path: string) => {
  const answer = await server.ask(as.visitor, 'GET', path);
  expect(answer.status).toBe(200);
  return (await answer.json()) as List;
};

describe('my customers', () => {
  it('are those whose CRM owner has my address, the most valuable first', async () => {
    await readOwners({ tenantId: rig.tenant.id }, context());
    const { rows } = await rig.pool.query(`select email from ${rig.tenant.schema}.owner order by email`);
    // Who reads an owner sees a name, of either CRM.
    const owner = (await listAttributes(rig.pool, rig.tenant)).find(
      (one) => one.owner === 'person' && one.key === 'owner',
    );
    expect(Object.values(owner?.valueNames ?? {})).toEqual(expect.arrayContaining(['Cleo Rep']));
    expect(rows.map(({ email }) => email)).toEqual([
      'ada@example.com',
      'ben@example.com',
      'cleo@example.com',
      'integration@example.com',
    ]);
    const ada = await list(await member('ada@example.com'), '/api/my/at-risk?limit=100');
    const bought = PEOPLE.filter(({ n, orders }) => n % 2 === 1 && (orders ?? []).length > 0);
    expect(ada.items.map(({ name }) => name).sort()).toEqual(bought.map(({ n }) => `Customer ${n}`).sort());
    // 1,500 before 100.
    expect(Number(ada.items[0]?.name.slice('Customer '.length)) % 3).toBe(2);
    expect(Number(ada.items.at(-1)?.name.slice('Customer '.length)) % 3).toBe(1);
    expect(ada.items[0]?.labels).toMatchObject([
      { segment: 'at_risk', name: 'At risk', play: { channel: 'phone', message: 'Ask how they are' } },
    ]);
    expect(JSON.stringify(ada)).not.toContain('1500');
  });

  it('new ones came into a segment within the days asked for', async () => {
    const ben = await member('ben@example.com');
    expect((await list(ben, '/api/my/new?limit=100')).items.length).toBe(20);
    await rig.pool.query(
      `update ${rig.tenant.schema}.label_change set at = at - interval '10 days' where subject_id % 2 = 0`,
    );
    const fewer = (await list(ben, '/api/my/new?limit=100')).items.length;
    expect(fewer).toBeLessThan(20);
    expect((await list(ben, '/api/my/new?limit=100&days=30')).items.length).toBe(20);
    await rig.pool.query(
      `update ${rig.tenant.schema}.label_change set at = at + interval '10 days' where subject_id % 2 = 0`,
    );
  });

  it('are new only in the segments that say so, where one of a set does', async () => {
    const ben = await member('ben@example.com');
    const mark = (attention: string | null) =>
      rig.pool.query(
        `update ${rig.tenant.schema}.segmentation
         set definition = jsonb_set(definition, '{segments,1}', (definition #> '{segments,1}') - 'attention'
           || case when $1::text is null then '{}' else jsonb_build_object('attention', $1::text) end)`,
        [attention],
      );
    await mark('new');
    const { items } = await list(ben, '/api/my/new?limit=100');
    expect(items.length).toBeGreaterThan(0);
    expect(new Set(items.flatMap(({ labels }) => labels.map(({ segment }) => segment)))).toEqual(
      new Set(['other']),
    );
    await mark(null);
  });

  it('are nobody for whoever owns nothing', async () => {
    expect(await list(await member('zoe@example.com'), '/api/my/at-risk')).toEqual({
      isOwner: false,
      items: [],
    });
  });
});

describe('the weekly digest', () => {
  it('goes once a week to each owner who is a member and wants it, with at most ten customers', async () => {
    const ben = await member('ben@example.com');
    await rig.pool.query('update app.member set digest = false where account_id = $1', [ben.id]);
    await clearOf(DAY_MS, 60_000);
    // Two workers, and one of them again.
    await Promise.all([
      digest({ tenantId: rig.tenant.id }, context()),
      digest({ tenantId: rig.tenant.id }, context()),
    ]);
    await digest({ tenantId: rig.tenant.id }, context());
    expect(mail.mails.map(({ to }) => to)).toEqual([['ada@example.com']]);
    const text = mail.mails[0]?.text ?? '';
    expect(text).toContain('10 of your customers need you');
    expect(text.match(/- Customer \d+/g)?.length).toBe(10);
    expect(text).toContain('phone: Ask how they are');
    expect(text).toContain('/customers/person/');
  });

  it('counts weeks from Monday in the zone of the company', () => {
    const sunday = new Date('2026-06-07T23:30:00Z');
    expect(weekOf({ zone: 'UTC' }, sunday)).toBe('2026-06-01');
    expect(weekOf({ zone: 'Europe/Berlin' }, sunday)).toBe('2026-06-08');
  });

  it('leaves out who must not be profiled', async () => {
    const id = hubspotId(2);
    const { rows } = await rig.pool.query<{ id: string }>(
      `select person_id as id from ${rig.tenant.schema}.contact_record where id = $1`,
      [id],
    );
    await rig.pool.query(`update ${rig.tenant.schema}.person set no_profiling = true where id = $1`, [
      rows[0]?.id,
    ]);
    const ben = await list(await member('ben@example.com'), '/api/my/at-risk?limit=100');
    expect(ben.items.map(({ name }) => name)).not.toContain('Customer 2');
  });
});
