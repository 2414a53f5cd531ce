import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hubspotId, spend } from '../integration/shop.ts';
import type { Visitor } from '../server/rig.ts';
import { axe, describeInBrowser } from './browser.ts';
import { startWebRig, type WebRig } from './rig.ts';

/** Customers of the shop: a third each are prospects, buyers and VIPs. */
const PEOPLE = 60;

describeInBrowser('the way from nothing to labels in the CRM, and back', () => {
  let rig: WebRig;
  let revops: Visitor;
  let page: Page;
  let property = '';
  const label = () => rig.hubspot.admin.record('contact', hubspotId(2))?.properties[property];

  beforeAll(async () => {
    rig = await startWebRig({ hubspot: PEOPLE });
    revops = await rig.visitor('revops');
    page = await rig.page(revops);
  });
  afterAll(async () => rig?.close());

  it('begins with a checklist on Home', async () => {
    await page.goto('/');
    await page.getByText('Welcome. Four steps to the first labels').waitFor();
    expect(await axe(page)).toEqual([]);
    await rig.connect('hubspot');
    await rig.publish(spend({ targets: { hubspot: {} } }));
    await page.reload();
    await page.getByText('Next step').waitFor();
  });

  it('runs, and shows the run until its end; nothing is written unseen', async () => {
    await page.getByRole('button', { name: 'Run now' }).first().click();
    await page.waitForURL('**/runs/1');
    await page.getByText('done', { exact: true }).waitFor();
    await page.getByText('It wrote nothing').waitFor();
    expect(rig.hubspot.journal.totals().writes).toBe(0);
    expect(await axe(page)).toEqual([]);
  });

  it('lists each value that waits, and writes them once they are released', async () => {
    await page.getByRole('link', { name: 'Waiting for you' }).click();
    await page.getByRole('button', { name: /^See each value: Spend: label/ }).click();
    const values = page.getByRole('dialog').getByRole('table', { name: 'What would be written' });
    await values.getByText('Big spenders').first().waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: 'Release…' }).click();
    await page.getByText('60 values').first().waitFor();
    await page.getByRole('button', { name: 'Release', exact: true }).last().click();
    await page.waitForURL('**/runs/2');
    await page.getByText('done', { exact: true }).waitFor();
    await page.getByText('Big spenders').first().waitFor();
    property = await labelProperty(rig);
    expect(label()).toBe('vip');
  });

  it('takes back what the run wrote, after saying what that touches', async () => {
    await page.getByRole('button', { name: 'Undo…' }).click();
    await page.getByText('60 records').first().waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: /^Take back/ }).click();
    await page.getByText(`Taken back by ${revops.email}`).waitFor();
    expect(label() ?? '').toBe('');
    await page.goto('/waiting');
    await page.getByRole('heading', { name: 'Taken back' }).waitFor();
  });

  it('works on a phone in the dark, on every screen of runs', async () => {
    const phone = await rig.page(await rig.visitor('viewer'), { width: 390, height: 844, scheme: 'dark' });
    for (const [path, heading] of [
      ['/', 'Home'],
      ['/waiting', 'Waiting for you'],
      ['/runs', 'Runs'],
      ['/runs/refused', 'Runs'],
      ['/runs/2', 'Run 2'],
      ['/schedules', 'Schedules'],
    ] as const) {
      await phone.goto(path);
      await phone.getByRole('heading', { level: 1, name: heading }).waitFor();
      await phone.waitForLoadState('networkidle');
      expect(await axe(phone), path).toEqual([]);
      const isWider = await phone.evaluate(
        'document.documentElement.scrollWidth > document.documentElement.clientWidth',
      );
      expect(isWider, `${path} is wider than the screen`).toBe(false);
      expect(await phone.getByRole('button', { name: /Run now|Release|Undo|Set$|Add a/ }).count(), path).toBe(
        0,
      );
    }
    expect(rig.problems).toEqual([]);
  });
});

/** The name of our property in the portal, as the target remembers it. */
async function labelProperty(rig: WebRig): Promise<string> {
  const { rows } = await rig.database.pool.query<{ property: string }>(
    `select remote ->> 'property' as property from ${rig.database.tenant.schema}.target where kind = 'property'`,
  );
  return rows[0]?.property ?? '';
}
