import { afterAll, beforeAll, expect, it } from 'vitest';
import { hubspotShop } from '../integration/shop.ts';
import type { Visitor } from '../server/rig.ts';
import { axe, describeInBrowser } from './browser.ts';
import { startWebRig, type WebRig } from './rig.ts';

const CURRENCIES = ['JPY', 'JPY', 'CHF'];

describeInBrowser('exchange rates', () => {
  let rig: WebRig;
  let revops: Visitor;

  beforeAll(async () => {
    const seed = hubspotShop([
      {
        n: 1,
        orders: [
          [100_000, 40],
          [50_000, 30],
          [900, 20],
        ],
      },
    ]);
    rig = await startWebRig({
      hubspot: {
        ...seed,
        deals: seed.deals.map((deal, i) => ({
          ...deal,
          properties: { ...deal.properties, deal_currency_code: CURRENCIES[i] ?? 'USD' },
        })),
      },
    });
    revops = await rig.visitor('revops');
    await rig.connect('hubspot');
    await rig.run(revops);
  });
  afterAll(async () => rig?.close());

  it('gives the rate that is missing by keyboard, after a wrong one was refused', async () => {
    const page = await rig.page(revops);
    await page.goto('/mapping?tab=revenue');
    const rates = page.getByRole('region', { name: 'Exchange rates' });
    await rates.getByText('2 won deals of ¥150,000 can’t be brought into USD: no rate is known').waitFor();
    const currency = rates.getByRole('textbox', { name: 'Currency' });
    const rate = rates.getByRole('textbox', { name: 'Rate' });
    expect(await currency.inputValue()).toBe('JPY');
    await rates.getByText('1 JPY = … USD').waitFor();
    await rate.fill('0');
    await rate.press('Enter');
    await rates.getByText('Rate: a number above 0 such as 0.0067').waitFor();
    expect(await axe(page)).toEqual([]);
    await rate.fill('0.0067');
    await rate.press('Enter');
    await page.getByText('Given. The next run works out everybody’s revenue again.').waitFor();
    const own = rates.getByRole('table', { name: 'Rates given here' });
    await own.getByText('1 JPY = 0.0067 USD').waitFor();
    await rates.getByText('The next run takes the rate that was given').waitFor();
    expect(await currency.inputValue()).toBe('CHF');

    await rig.run(revops);
    await page.reload();
    await rates.getByText('1 won deal of CHF').waitFor();
    expect(await rates.getByText('¥150,000').count()).toBe(0);
    // The refused rate is an answer of 400, which the browser notes.
    expect(rig.problems.filter((problem) => !problem.includes('400'))).toEqual([]);
    rig.problems.length = 0;
  });

  it('removes a rate on a phone, and says what is missing then', async () => {
    const page = await rig.page(revops, { width: 390, height: 844, scheme: 'dark' });
    await page.goto('/mapping?tab=revenue');
    const remove = page.getByRole('button', { name: 'Remove the rate of JPY from always' });
    await remove.waitFor();
    expect(await axe(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    await remove.click();
    await page.getByText('Removed. The next run works out everybody’s revenue again.').waitFor();
    await remove.waitFor({ state: 'hidden' });
    await rig.run(revops);
    await page.reload();
    await page.getByText('2 won deals of ¥150,000').waitFor();
    await page.getByRole('button', { name: 'Give a rate of CHF' }).click();
    const focused = () => page.evaluate('document.activeElement.labels?.[0]?.textContent');
    await expect.poll(focused, { timeout: 60_000 }).toContain('Rate');
    expect(await page.getByRole('textbox', { name: 'Currency' }).inputValue()).toBe('CHF');
    expect(rig.problems).toEqual([]);
  });
});
