import { afterAll, beforeAll, expect, it } from 'vitest';
import { customers, hubspotShop, salesforceShop, spend } from '../integration/shop.ts';
import { eventually } from '../jobs/queue.ts';
import { axe, describeInBrowser } from './browser.ts';
import { startWebRig, type WebRig } from './rig.ts';

/** Each would run if a screen put it into the page as markup. */
const HOSTILE = [
  '<img src=x onerror=alert(1)>',
  '"><script>alert(1)</script>',
  "javascript:alert(1)//'",
  '{{constructor.constructor("alert(1)")()}}',
  '<svg/onload=alert(1)>',
];

describeInBrowser('customers and segments on screen', () => {
  let rig: WebRig;

  beforeAll(async () => {
    const seed = hubspotShop(customers(24));
    rig = await startWebRig({
      salesforce: salesforceShop(customers(9).slice(8)),
      hubspot: {
        ...seed,
        contacts: seed.contacts.map((contact, i) => ({
          ...contact,
          properties: { ...contact.properties, firstname: HOSTILE[i % HOSTILE.length] ?? '' },
        })),
        companies: seed.companies.map((company) => ({
          ...company,
          properties: { ...company.properties, name: HOSTILE[0] ?? '' },
        })),
      },
    });
    await rig.connect('hubspot');
    await rig.connect('salesforce');
    const set = spend();
    await rig.publish({
      ...set,
      name: `Spend ${HOSTILE[0]}`,
      segments: set.segments.map((segment, i) => ({ ...segment, name: `${segment.name} ${HOSTILE[i]}` })),
    });
    await rig.run(await rig.visitor('revops'));
  });
  afterAll(() => rig.close());

  it('are found, told with reasons and figures, and run nothing that a CRM holds', async () => {
    const page = await rig.page(await rig.visitor('admin'));
    const dialogs: string[] = [];
    page.on('dialog', async (dialog) => {
      dialogs.push(dialog.message());
      await dialog.dismiss();
    });
    await page.goto('/customers');
    await page.getByLabel('Search').fill('customer5');
    await page.getByRole('link', { name: 'Customer 5' }).click();
    await page.getByText('Revenue: $1,500 (at least $1,000).').waitFor();
    expect(await axe(page)).toEqual([]);
    for (const tab of ['Records', 'Deals', 'Consent', 'History']) {
      await page.getByRole('tab', { name: tab }).click();
      await page
        .getByRole('tabpanel')
        .getByText(/HubSpot|Order 5|Opted out|Entered Big spenders/)
        .first()
        .waitFor();
      expect(await axe(page), tab).toEqual([]);
    }

    await page.goto('/segments/spend/vip');
    await page.getByText('Revenue: at least $1,000').waitFor();
    expect(await axe(page)).toEqual([]);
    for (const tab of ['Members', 'Movement', 'Metrics', 'Overlap']) {
      await page.getByRole('tab', { name: tab }).click();
      await page
        .getByRole('tabpanel')
        .getByRole('table')
        .or(page.getByText('No other segment'))
        .first()
        .waitFor();
      expect(await axe(page), tab).toEqual([]);
    }
    expect(dialogs).toEqual([]);
    expect(rig.problems).toEqual([]);
  });

  it('fit a phone in the dark', async () => {
    const page = await rig.page(await rig.visitor('viewer'), { width: 390, scheme: 'dark' });
    for (const path of ['/customers', '/segments/spend/vip']) {
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.waitForLoadState('networkidle');
      expect(await axe(page), path).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), path).toBe(true);
    }
    expect(rig.problems).toEqual([]);
  });

  it('is where a card in the CRM leads to', async () => {
    const page = await rig.page(await rig.visitor('viewer'));
    await page.goto('/records/hubspot/contact/100005');
    await page.getByRole('heading', { level: 1 }).getByText('Customer 5').waitFor();
    await page.goto('/records/hubspot/contact/999');
    await page.getByText('not among the customers').waitFor();
    await page.goto('/my');
    await page.getByText('No CRM knows you as an owner').waitFor();
    expect(await axe(page)).toEqual([]);
    expect(rig.problems).toEqual([]);
  });

  it('lose a record that is somebody else, and get it back', async () => {
    const page = await rig.page(await rig.visitor('revops'));
    const found = async () => {
      await page.goto('/customers?search=customer9@');
      await page.getByRole('link', { name: 'Customer 9' }).first().waitFor();
      return page.getByRole('link', { name: 'Customer 9' }).count();
    };
    const records = async () => {
      await page.getByRole('link', { name: 'Customer 9' }).first().click();
      await page.getByRole('tab', { name: 'Records' }).click();
    };
    expect(await found()).toBe(1);
    await records();
    await page
      .getByRole('button', { name: /^This is somebody else/ })
      .first()
      .click();
    expect(await axe(page)).toEqual([]);
    await page.getByRole('dialog').getByRole('button', { name: 'Split off' }).click();
    await eventually('there are two of them', async () => (await found()) === 2);

    const back = page.getByRole('button', { name: /^Bring together again/ });
    await records();
    if ((await back.count()) === 0) {
      await found();
      await page.getByRole('link', { name: 'Customer 9' }).last().click();
      await page.getByRole('tab', { name: 'Records' }).click();
    }
    await back.click();
    await eventually('they are one again', async () => (await found()) === 1);
    expect(rig.problems).toEqual([]);
  });

  it('can be erased by an admin, who types it out', async () => {
    const page = await rig.page(await rig.visitor('admin'));
    await page.goto('/customers?search=customer7');
    await page.getByRole('link', { name: 'Customer 7' }).click();
    await page.getByRole('button', { name: 'Erase' }).click();
    const dialog = page.getByRole('dialog');
    expect(await dialog.getByRole('button', { name: 'Erase' }).isDisabled()).toBe(true);
    await dialog.getByLabel('Type erase to confirm').fill('erase');
    await dialog.getByRole('button', { name: 'Erase' }).click();
    await dialog.getByText('Receipt').waitFor();
    await dialog.getByRole('button', { name: 'Done' }).click();
    await page.getByLabel('Search').fill('customer7');
    await page.getByText('Nobody matches').waitFor();
    expect(rig.problems).toEqual([]);
  });
});
