import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Segmentation } from '../../src/segmentation/definition.ts';
import { RulesSegmentation, TiersSegmentation } from '../../src/segmentation/definition.ts';
import { spend } from '../integration/shop.ts';
import type { Visitor } from '../server/rig.ts';
import { axe, describeInBrowser } from './browser.ts';
import { startWebRig, type WebRig } from './rig.ts';

/** Nearly everybody who buys reaches it: a review says so. */
const uneven: Segmentation = TiersSegmentation.parse({
  key: 'worth',
  name: 'Worth',
  subject: 'person',
  method: 'tiers',
  of: 'revenue_total',
  among: { attribute: 'deal_count', atLeast: 1 },
  segments: [
    { key: 'gold', name: 'Gold', atLeast: 1, play: { channel: 'email', message: 'The same for both' } },
    { key: 'rest', name: 'The rest', play: { channel: 'email', message: 'The same for both' } },
  ],
});

/** Without a goal; its first segment has no play, its second condition nothing that feeds it. */
const faulty: Segmentation = RulesSegmentation.parse({
  key: 'faulty',
  name: 'Faulty',
  subject: 'person',
  method: 'rules',
  segments: [
    {
      key: 'first',
      name: 'First',
      when: {
        all: [
          { attribute: 'deal_count', atLeast: 1 },
          { attribute: 'last_login_at', known: true },
        ],
      },
    },
    { key: 'second', name: 'Second', when: { attribute: 'deal_count', below: 1 } },
  ],
});

describeInBrowser('the work of RevOps', () => {
  let rig: WebRig;
  let admin: Visitor;

  beforeAll(async () => {
    rig = await startWebRig({ hubspot: 30 });
    admin = await rig.visitor('admin');
    await rig.connect('hubspot');
    await rig.publish(spend({ targets: { hubspot: {} } }), uneven);
    await rig.run(admin);
  });
  afterAll(async () => rig?.close());

  it('changes what counts as revenue, and sees before it is saved what that leaves', async () => {
    const page = await rig.page(await rig.visitor('revops'));
    await page.goto('/mapping?tab=revenue');
    const deals = page.getByRole('table', { name: 'Deals' });
    await deals.getByText('Sales').first().waitFor();
    await deals.getByText('Closed won').first().waitFor();
    const sums = page.getByRole('region').getByRole('status');
    const before = await sums.textContent();
    await page.getByRole('button', { name: 'Change what counts' }).click();
    await page.getByLabel('Stages that mean won', { exact: false }).first().click();
    await page.getByRole('option', { name: 'Closed won' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('radio', { name: 'A subscription' }).check();
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('The next run works out everybody’s revenue again').waitFor();
    expect(await sums.textContent()).toBe(before);
    const answer = await rig.ask(admin, 'GET', '/api/revenue');
    expect(await answer.json()).toMatchObject({
      connections: [{ setting: { kind: 'subscriptions', wonStages: ['closedwon'] } }],
    });
    expect(rig.problems).toEqual([]);
  });

  it('makes an attribute sensitive once it was told which segment sets have to wait', async () => {
    const page = await rig.page(admin, { width: 390, height: 844, scheme: 'dark' });
    await page.goto('/mapping');
    await page.getByRole('button', { name: 'Country', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Country' });
    await dialog.getByRole('combobox', { name: 'Sensitivity' }).click();
    await page.getByRole('option', { name: /^Sensitive/ }).click();
    await dialog.getByText('No published segment set has to wait', { exact: false }).waitFor();
    expect(await axe(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Change sensitivity' }).click();
    await dialog.getByText('No segment can use it until its lawful basis is on record').waitFor();

    await dialog.getByRole('combobox', { name: 'Sensitivity' }).click();
    await page.getByRole('option', { name: 'Normal' }).click();
    await dialog.getByLabel('Why it needs less care than before').fill('It is where the office is');
    await dialog.getByRole('button', { name: 'Change sensitivity' }).click();
    await dialog.getByText('No segment can use it').waitFor({ state: 'hidden' });
    expect(rig.problems).toEqual([]);
  });

  it('goes from a finding to the condition or play that it is about', async () => {
    await rig.ask(admin, 'POST', '/api/segmentations', { definition: faulty });
    const page = await rig.page(admin);
    await page.goto('/segment-sets/faulty');
    await page.getByRole('tab', { name: /^Findings/ }).click();
    const goTo = (finding: RegExp) => page.getByRole('button', { name: finding }).click();
    const focused = () => page.evaluate('document.activeElement.getAttribute("aria-label")');
    await goTo(/^Go to: First needs Last login/);
    await expect.poll(focused, { timeout: 60_000 }).toBe('What to look at');
    const rule = page.locator('[data-path="[1]"]');
    expect(await rule.getByText('First needs Last login').count()).toBe(1);
    expect(await page.evaluate('document.activeElement.closest("[data-path]").dataset.path')).toBe('[1]');

    await goTo(/^Go to: It says no goal/);
    await expect
      .poll(() => page.evaluate('document.activeElement.labels?.[0]?.textContent'), { timeout: 60_000 })
      .toContain('Goal');
    await goTo(/^Go to: Second has no play/);
    await page.getByLabel('Channel').waitFor();
    expect(await axe(page)).toEqual([]);

    await page.getByRole('switch', { name: /^Make a task/ }).check();
    await page.getByText('No play may make tasks yet', { exact: false }).waitFor();
    await page.getByLabel('What the task says').fill('Ask how they are');
    await page.getByRole('combobox', { name: 'Tell the owners' }).click();
    await page.getByRole('option', { name: /about to be lost/ }).click();
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: 'Save draft' }).click();
    await page.getByText('not saved').waitFor({ state: 'hidden' });
    const answer = await rig.ask(admin, 'GET', '/api/segmentations/faulty');
    expect(await answer.json()).toMatchObject({
      definition: {
        segments: [{}, { attention: 'at_risk', play: { task: { subject: 'Ask how they are' } } }],
      },
    });
    expect(rig.problems).toEqual([]);
  });

  it('starts an experiment once it was told how many members it takes', async () => {
    const page = await rig.page(admin, { width: 390, height: 844 });
    await page.goto('/experiments');
    await page.getByRole('button', { name: 'Start an experiment' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('spring_letter');
    await dialog.getByRole('combobox', { name: 'Segment' }).click();
    await page.getByRole('option', { name: 'Big spenders' }).click();
    await dialog
      .getByText(/It takes [\d,]+ members to show such a difference; there are 10 members/)
      .waitFor();
    const start = dialog.getByRole('button', { name: 'Start', exact: true });
    expect(await start.isDisabled()).toBe(true);
    expect(await axe(page)).toEqual([]);
    await dialog.getByLabel('Start although a difference may not show').check();
    await start.click();
    await page.getByText('running', { exact: true }).waitFor();
    expect(rig.problems).toEqual([]);
  });

  it('decides on suggestions: one is taken to its segment, one dismissed with the reason', async () => {
    const page = await rig.page(admin);
    await page.goto('/quality?set=worth');
    const suggestions = page.getByRole('region', { name: 'Suggestions' });
    await suggestions.getByRole('button', { name: /^Dismiss: Make one segment/ }).click();
    const dismiss = suggestions.getByRole('button', { name: 'Dismiss it' });
    expect(await dismiss.isDisabled()).toBe(true);
    await suggestions.getByLabel('Why not').fill('They get it on other days');
    expect(await axe(page)).toEqual([]);
    await dismiss.click();
    await suggestions.getByText('They get it on other days', { exact: false }).waitFor();

    await suggestions
      .getByRole('button', { name: /^Accept and change it: An even split would begin Gold at/ })
      .click();
    await page.waitForURL('**/segment-sets/worth?segment=gold');
    await page.getByLabel('From', { exact: true }).waitFor();
    const answer = await rig.ask(admin, 'GET', '/api/segmentations/worth/review');
    const { decisions } = (await answer.json()) as { decisions: { decision: string; note: string }[] };
    expect(decisions.map(({ decision, note }) => [decision, note])).toEqual([
      ['accepted', null],
      ['dismissed', 'They get it on other days'],
    ]);
    expect(rig.problems).toEqual([]);
  });
});
