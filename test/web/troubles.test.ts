import { afterAll, beforeAll, expect, it } from 'vitest';
import { Segmentation } from '../../src/segmentation/definition.ts';
import { spend } from '../integration/shop.ts';
import { axe, describeInBrowser } from './browser.ts';
import { startWebRig, type WebRig } from './rig.ts';

/** Nothing feeds what it would divide by. */
const unfed = Segmentation.parse({
  key: 'attitudes',
  name: 'Attitudes',
  subject: 'person',
  method: 'clusters',
  of: ['values_held'],
  segments: [
    { key: 'one', name: 'One' },
    { key: 'two', name: 'Two' },
  ],
});

describeInBrowser('what goes wrong, as people see it', () => {
  let rig: WebRig;

  beforeAll(async () => {
    rig = await startWebRig({ hubspot: 12 });
    const admin = await rig.visitor('admin');
    await rig.connect('hubspot');
    await rig.publish(spend());
    await rig.run(admin);
    await rig.ask(admin, 'POST', '/api/segmentations', { definition: unfed });
  });
  afterAll(async () => rig?.close());

  it('tells who follows an address to a screen of another role whom it is for', async () => {
    const page = await rig.page(await rig.visitor('viewer'), { width: 390, height: 844 });
    await page.goto('/settings');
    await page.getByText('It takes the role Admin', { exact: false }).waitFor();
    expect(await page.getByLabel('Name').count()).toBe(0);
    expect(await axe(page)).toEqual([]);
    expect(rig.problems).toEqual([]);
  });

  it('refuses a cron line that never fires and a zone that does not exist while they are typed', async () => {
    const page = await rig.page(await rig.visitor('revops'), { width: 390, height: 844, scheme: 'dark' });
    await page.goto('/schedules');
    await page.getByRole('button', { name: 'Add a schedule' }).click();
    const save = page.getByRole('button', { name: 'Save', exact: true });
    await page.getByRole('textbox', { name: 'Cron line' }).fill('0 0 30 2 *');
    await page.getByRole('alert').getByText('is not a cron line that ever fires', { exact: false }).waitFor();
    expect(await save.isDisabled()).toBe(true);
    expect(await axe(page)).toEqual([]);
    await page.getByRole('textbox', { name: 'Cron line' }).fill('0 6 * * *');
    await page.getByRole('dialog').getByLabel('Time zone').first().fill('Mars/Olympus');
    await page.getByRole('alert').getByText('Mars/Olympus', { exact: false }).waitFor();
    expect(await save.isDisabled()).toBe(true);
    expect(rig.problems).toEqual([]);
  });

  it('says which attribute a method lacks, by its name', async () => {
    const page = await rig.page(await rig.visitor('revops'));
    await page.goto('/segment-sets/attitudes');
    await page.getByText('It needs Values, which nothing feeds.').first().waitFor();
    expect(rig.problems).toEqual([]);
  });

  it('keeps the second of two who change one definition from writing over the first', async () => {
    const [first, second] = [
      await rig.page(await rig.visitor('revops')),
      await rig.page(await rig.visitor('revops')),
    ];
    for (const page of [first, second]) {
      await page.goto('/segment-sets/spend');
      await page.getByRole('tab', { name: 'Goal and targets' }).click();
      await page.getByLabel('Owner').fill(page === first ? 'one of us' : 'the other');
    }
    await first.getByRole('button', { name: 'Save draft' }).click();
    await first.getByText('not saved').waitFor({ state: 'hidden' });
    await second.getByRole('button', { name: 'Save draft' }).click();
    const conflict = second.getByRole('alert').filter({ hasText: 'Nothing of theirs was overwritten' });
    await conflict.waitFor();
    expect(await conflict.textContent()).not.toMatch(/\d{4}-\d{2}-\d{2}/);
    expect(await second.getByLabel('Owner').inputValue()).toBe('the other');
    second.on('dialog', (leaving) => void leaving.accept());
    await conflict.getByRole('button', { name: 'Load theirs' }).click();
    await conflict.waitFor({ state: 'hidden' });
    await second.getByRole('tab', { name: 'Goal and targets' }).click();
    await expect.poll(() => second.getByLabel('Owner').inputValue(), { timeout: 60_000 }).toBe('one of us');
    expect(rig.problems).toEqual([]);
  });

  it('says when the server is out of reach, and when it is back', async () => {
    const page = await rig.page(await rig.visitor('revops'));
    await page.goto('/');
    await page
      .getByText(/^Counted /)
      .first()
      .waitFor();
    await page.context().setOffline(true);
    const banner = page.getByText('Out of touch with the server');
    await banner.waitFor();
    expect(await axe(page)).toEqual([]);
    await page.context().setOffline(false);
    await banner.waitFor({ state: 'hidden' });
  });
});
