import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Rig, writtenRig } from '../integration/rig.ts';
import { customers } from '../integration/shop.ts';
import { type ServerRig, startServer, type Visitor } from './rig.ts';

let server: ServerRig;
let rig: Rig;
let admin: Visitor;
let revops: Visitor;

beforeAll(async () => {
  server = await startServer();
  rig = await writtenRig(server.database, { people: customers(6) });
  admin = await server.visitor('admin', rig.tenant);
  revops = await server.visitor('revops', rig.tenant);
});
afterAll(async () => {
  await rig.stop();
  await server.close();
});

type Privacy = {
  suppressed: number;
  gates: string[];
  bases: { key: string; basis: string; by: string }[];
  sensitive: { owner: string; key: string; isFed: boolean }[];
};

async function privacy(): Promise<Privacy> {
  const answer = await server.ask(revops, 'GET', '/api/privacy');
  expect(answer.status).toBe(200);
  return (await answer.json()) as Privacy;
}

describe('somebody who asks', () => {
  const who = 'customer2@example.com';

  it('is told all that is held, by an admin', async () => {
    expect((await server.ask(revops, 'POST', '/api/privacy/export', { who })).status).toBe(403);
    const answer = await server.ask(admin, 'POST', '/api/privacy/export', { who: ` ${who.toUpperCase()}` });
    expect(JSON.stringify(await answer.json())).toContain(who);
  });

  it('is erased for good, and comes back only where that is asked for', async () => {
    expect((await server.ask(admin, 'POST', '/api/privacy/erase', { who })).status).toBe(400);
    const erased = await server.ask(admin, 'POST', '/api/privacy/erase', { who, confirm: 'erase' });
    expect(await erased.json()).toMatchObject({ people: 1, records: 1 });
    expect((await privacy()).suppressed).toBeGreaterThan(0);
    const again = await server.ask(admin, 'POST', '/api/privacy/readmit', { who });
    expect(await again.json()).toEqual({ readmitted: true });
    const log = (await (await server.ask(admin, 'GET', '/api/audit')).json()) as {
      items: { action: string; origin: string | null }[];
    };
    expect(JSON.stringify(log)).not.toContain(who);
    // One line each, written with the change, with the address that asked.
    expect(log.items.filter(({ action }) => /erase|readmit/.test(action))).toEqual([
      expect.objectContaining({ action: 'customer.readmit', origin: expect.any(String) }),
      expect.objectContaining({ action: 'customer.erase', origin: expect.any(String) }),
    ]);
  });

  it('is not found by a text that means nobody', async () => {
    const answer = await server.ask(admin, 'POST', '/api/privacy/erase', { who: 'Ada', confirm: 'erase' });
    expect(await answer.json()).toMatchObject({ code: 'person_unclear' });
  });
});

describe('a sensitive attribute', () => {
  it('may be used from when a basis is recorded until it is revoked', async () => {
    expect((await privacy()).sensitive.map(({ owner, key }) => `${owner}.${key}`)).toContain('person.age');
    const path = '/api/privacy/bases/person.age';
    const body = { basis: 'parental_consent', note: 'form 7' };
    expect((await server.ask(revops, 'PUT', path, body)).status).toBe(403);
    expect((await server.ask(admin, 'PUT', path, body)).status).toBe(204);
    expect((await privacy()).bases).toMatchObject([
      { key: 'age', basis: 'parental_consent', by: admin.email },
    ]);
    expect((await server.ask(admin, 'DELETE', path)).status).toBe(200);
    expect((await privacy()).bases).toEqual([]);
  });

  it('needs a basis that the law knows', async () => {
    const answer = await server.ask(admin, 'PUT', '/api/privacy/bases/person.age', { basis: 'because' });
    expect(answer.status).toBe(400);
  });
});

it('writes the record of processing as data and as a page', async () => {
  const record = await server.ask(revops, 'GET', '/api/privacy/record');
  const { activities } = (await record.json()) as { activities: { key: string; subjects: string }[] };
  expect(activities).toContainEqual(expect.objectContaining({ key: 'spend', subjects: 'people' }));
  const page = await server.ask(revops, 'GET', '/api/privacy/record.md');
  expect(await page.text()).toContain('# Record of processing');
});

it('gives the audit log as a file that a spreadsheet can’t run, to admins', async () => {
  expect((await server.ask(revops, 'GET', '/api/audit.csv')).status).toBe(403);
  const answer = await server.ask(admin, 'GET', '/api/audit.csv?action=basis');
  expect(answer.headers.get('content-type')).toContain('text/csv');
  const lines = (await answer.text()).trim().split('\r\n');
  expect(lines[0]).toBe('at,who,action,subject,before,after,from');
  // Who was refused, then what was recorded and taken back.
  expect(lines.slice(1).map((line) => line.split(',')[2])).toEqual([
    'basis.revoke',
    'basis.record',
    'basis.record',
  ]);
});
