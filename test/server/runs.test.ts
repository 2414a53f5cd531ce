import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietUntil } from '../../src/pipeline/push/quiet-hours.ts';
import { saveConnection } from '../../src/store/connections.ts';
import { saveRefusals } from '../../src/store/ledger.ts';
import { addPins } from '../../src/store/pins.ts';
import { pageRuns, requestRun } from '../../src/store/runs.ts';
import { addTargets } from '../../src/store/targets.ts';
import { type ServerRig, startServer, type Visitor } from './rig.ts';

let rig: ServerRig;
let revops: Visitor;
let connection: string;
const place = () => ({ connectionId: connection, object: 'contact' as const });

const ask = async (method: string, path: string, body?: unknown) => {
  const answer = await rig.ask(revops, method, path, body);
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
};

beforeAll(async () => {
  rig = await startServer();
  revops = await rig.visitor('revops');
  const { pool, tenant } = rig.database;
  const config = { webUrl: 'https://example.my.salesforce.com' };
  const { id } = await saveConnection(
    pool,
    tenant,
    rig.parts.store.keys,
    { system: 'hubspot', name: 'Acme', accountId: '7', config },
    null,
  );
  connection = id;
  await addTargets(
    pool,
    tenant,
    [{ connectionId: id, segmentation: 'spend', segment: null, kind: 'property', object: 'contact' }],
    { code: 'new', message: 'New.', action: 'Look.', since: new Date().toISOString() },
  );
});
afterAll(() => rig.close());

describe('schedules', () => {
  it('are put in words, with the next five times in their zone', async () => {
    const { body } = await ask('GET', '/api/schedules/preview?cron=0 6 * * 1-5&zone=Europe/Berlin');
    expect(body.words).toBe('At 06:00, Monday through Friday (Europe/Berlin)');
    expect(body.next).toHaveLength(5);
    for (const time of body.next) {
      const local = new Date(time).toLocaleString('en-GB', {
        timeZone: 'Europe/Berlin',
        weekday: 'short',
        hour: 'numeric',
      });
      expect(local).toMatch(/^(Mon|Tue|Wed|Thu|Fri).* 06$/);
    }
  });

  it.each([
    ['a zone that does not exist', { cron: '0 6 * * *', zone: 'Europe/Atlantis' }, 'zone_invalid'],
    ['a line that is no cron', { cron: 'every morning', zone: 'UTC' }, 'cron_invalid'],
    ['a cron that never fires', { cron: '0 0 30 2 *', zone: 'UTC' }, 'cron_invalid'],
  ])('refuse %s, in the preview and when they are set', async (_what, timing, code) => {
    const preview = await ask('GET', `/api/schedules/preview?${new URLSearchParams(timing)}`);
    const put = await ask('PUT', '/api/schedules/run', { timing });
    for (const { status, body } of [preview, put]) {
      expect(status).toBe(400);
      expect(body).toMatchObject({ code, action: expect.stringMatching(/./) });
    }
    expect((await ask('GET', '/api/schedules')).body.schedules).toEqual([]);
  });

  it('are set, paused and removed, and Home says when the next run is', async () => {
    const timing = { cron: '0 6 * * *', zone: 'UTC' };
    expect((await ask('PUT', '/api/schedules/run', { timing })).status).toBe(200);
    expect((await ask('GET', '/api/home')).body.nextRun).toMatch(/T06:00:00/);
    await ask('PUT', '/api/schedules/run', { timing, paused: true });
    expect((await ask('GET', '/api/home')).body).toMatchObject({ nextRun: null, hasSchedule: true });
    expect((await ask('DELETE', '/api/schedules/run')).status).toBe(204);
    expect((await ask('DELETE', '/api/schedules/run')).status).toBe(404);
  });

  it('leave a company its quiet hours, and refuse those that never end', async () => {
    const quietHours = { from: '22:00', to: '07:00' };
    expect((await ask('PUT', '/api/quiet-hours', { quietHours })).body).toEqual({ quietHours });
    expect((await ask('GET', '/api/schedules')).body.quietHours).toEqual(quietHours);
    const always = await ask('PUT', '/api/quiet-hours', { quietHours: { from: '07:00', to: '07:00' } });
    expect(always).toMatchObject({ status: 400, body: { code: 'quiet_always' } });
    const odd = await ask('PUT', '/api/quiet-hours', { quietHours: { from: '25:00', to: '07:00' } });
    expect(odd).toMatchObject({ status: 400, body: { code: 'fields_invalid' } });
    await ask('PUT', '/api/quiet-hours', { quietHours: null });
  });

  it.each([
    ['2026-03-01T21:59:00Z', null],
    ['2026-03-01T22:00:00Z', '2026-03-02T07:00:00.000Z'],
    ['2026-03-02T06:59:00Z', '2026-03-02T07:00:00.000Z'],
    ['2026-03-02T07:00:00Z', null],
  ])('know at %s when the night from 22:00 to 07:00 ends', (now, end) => {
    const { tenant } = rig.database;
    const policy = { ...tenant.policy, quietHours: { from: '22:00', to: '07:00' } };
    expect(quietUntil({ policy, zone: 'UTC' }, new Date(now))?.toISOString() ?? null).toBe(end);
  });

  it('show the calls a connection made, and take a limit of the company’s own', async () => {
    const path = `/api/connections/${connection}/budget`;
    expect((await ask('PUT', path, { callsADay: 5 })).status).toBe(400);
    expect((await ask('PUT', path, { callsADay: 500 })).status).toBe(200);
    const [seen] = (await ask('GET', '/api/schedules')).body.connections;
    expect(seen).toMatchObject({ callsADay: 500 });
    expect(seen.budgets).toContainEqual(expect.objectContaining({ isOurs: true, limit: 500, used: 0 }));
    await ask('PUT', path, { callsADay: null });
    expect((await ask('GET', '/api/schedules')).body.connections[0].budgets).toHaveLength(2);
  });
});

describe('runs', () => {
  it('come newest first, page by page, and stop when asked', async () => {
    const { pool, tenant } = rig.database;
    const ids: string[] = [];
    for (let n = 0; n < 3; n += 1) {
      const { run } = await requestRun(pool, tenant, { asOf: new Date(), requestedBy: 'test' });
      ids.unshift(run.id);
      const stopped = await ask('POST', `/api/runs/${run.id}/cancel`);
      expect(stopped.body).toMatchObject({ cancelRequested: true });
      await pool.query(
        `update ${tenant.schema}.run set state = 'cancelled', ended_at = now() where id = $1`,
        [run.id],
      );
    }
    const first = (await ask('GET', '/api/runs?limit=2')).body;
    const second = (await ask('GET', `/api/runs?limit=2&after=${first.next}`)).body;
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids);
    expect(second.next).toBeNull();
    expect((await ask('POST', `/api/runs/${ids[0]}/cancel`)).status).toBe(400);
    expect((await ask('GET', '/api/runs/99999')).status).toBe(404);
    expect((await ask('GET', '/api/runs/nonsense')).status).toBe(400);
    expect((await pageRuns(pool, tenant, { limit: 1, withRefreshes: true })).next).toBe(ids[0]);
  });

  it('give what they wrote as a file that no spreadsheet carries out, and write the download down', async () => {
    const { pool, tenant } = rig.database;
    const { run } = await requestRun(pool, tenant, { asOf: new Date(), requestedBy: 'test' });
    await pool.query(`update ${tenant.schema}.run set state = 'done', ended_at = now() where id = $1`, [
      run.id,
    ]);
    await pool.query(
      `insert into ${tenant.schema}.push_log (at, run_id, connection_id, object, external_key, target_id, before, after)
       values (now(), $1, $2, 'contact', '=cmd()', 't1', null, '"vip"')`,
      [run.id, connection],
    );
    const file = await (await rig.ask(revops, 'GET', `/api/runs/${run.id}/writes.csv`)).text();
    expect(file).toContain(`,'=cmd(),`);
    const listed = (await ask('GET', `/api/runs/${run.id}/writes`)).body.items;
    expect(listed).toMatchObject([{ record: '=cmd()', before: [], after: ['vip'], connection: 'Acme' }]);
    const { rows } = await pool.query(`select actor, after from app.audit where action = 'run.download'`);
    expect(rows).toEqual([{ actor: revops.email, after: { rows: 1 } }]);
  });

  it('show each refused record with its reason, and try it again', async () => {
    const { pool, tenant } = rig.database;
    await saveRefusals(pool, tenant, place(), null, [
      { key: '1', targetId: 't1', value: 'vip', code: 'INVALID', message: 'No such option.' },
      { key: '2', targetId: 't1', value: 'vip', code: 'INVALID', message: 'No such option.' },
    ]);
    await pool.query(`update ${tenant.schema}.refusal set tries = 9`);
    const first = (await ask('GET', '/api/refused?limit=1')).body;
    expect(first.reasons).toMatchObject([{ code: 'INVALID', records: 2, connection: 'Acme' }]);
    expect(first.items).toMatchObject([
      { record: '1', tries: 9, message: 'No such option.', value: ['vip'] },
    ]);
    const second = (await ask('GET', `/api/refused?limit=1&after=${first.next}`)).body;
    expect(second).toMatchObject({ items: [{ record: '2' }], next: null });
    expect((await ask('GET', '/api/refused?after=nonsense')).status).toBe(400);
    const retried = await ask('POST', '/api/refused/retry', { code: 'INVALID' });
    expect(retried).toMatchObject({ status: 202, body: { values: 2 } });
    expect((await ask('GET', '/api/refused')).body.items).toMatchObject([{ tries: 1 }, { tries: 1 }]);
  });

  it('are taken back only after saying what that touches, and with no run under way', async () => {
    expect((await ask('POST', '/api/undo/preview', { targetId: 't1' })).body).toMatchObject({ values: 1 });
    expect((await ask('POST', '/api/undo/preview', { runId: '1', targetId: 't1' })).status).toBe(400);
    // A run is under way: the one that tries refused records again.
    expect(await ask('POST', '/api/undo', { targetId: 't1' })).toMatchObject({
      status: 400,
      body: { code: 'run_under_way' },
    });
  });
});

describe('what waits', () => {
  it('is said with its reason, released, and held again', async () => {
    const target = async () => (await ask('GET', '/api/waiting')).body.targets[0];
    expect(await target()).toMatchObject({ id: 't1', state: 'held', why: 'new', what: 'spend: label' });
    expect((await ask('POST', '/api/targets/release', { targets: ['t1'] })).body).toEqual({
      released: ['t1'],
    });
    expect(await target()).toMatchObject({ state: 'live', why: 'live' });
    await ask('POST', '/api/targets/stop', { targets: ['t1'], state: 'paused' });
    expect(await target()).toMatchObject({ state: 'paused', why: 'by_hand', reason: { by: revops.email } });
    // All means all that are held; a paused one is named.
    expect((await ask('POST', '/api/targets/release', { targets: 'all' })).body).toEqual({ released: [] });
    expect((await ask('GET', '/api/targets/t99/writes')).status).toBe(404);
    expect((await ask('GET', '/api/targets/t1/writes')).body).toEqual({ items: [], next: null });
  });

  it('leaves values set by hand alone until somebody lets them go', async () => {
    const { pool, tenant } = rig.database;
    await addPins(pool, tenant, place(), [{ key: '5', targetId: 't1', value: 'vip', until: null }]);
    const [pin] = (await ask('GET', '/api/pins')).body.items;
    expect(pin).toMatchObject({ record: '5', value: ['vip'], until: null });
    const key = { connectionId: connection, object: 'contact', key: '5', targetId: 't1' };
    expect((await ask('POST', '/api/pins/remove', { pins: [key] })).status).toBe(204);
    expect((await ask('GET', '/api/pins')).body.items).toEqual([]);
  });
});
