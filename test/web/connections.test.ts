import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Role } from '../../src/model/role.ts';
import { PERMISSIONS } from '../../src/model/role.ts';
import { ROLES } from '../../web/src/screens/people/roles.ts';
import { axe, describeInBrowser } from './browser.ts';
import { startWebRig, type WebRig } from './rig.ts';

/** Screens of those who run the workspace, with something that shows once each is drawn. */
const SCREENS: [path: string, shows: string | RegExp][] = [
  ['/connections', 'Last read'],
  ['/mapping', 'Identity: how they are known'],
  ['/mapping?tab=properties', 'are read and stored'],
  ['/mapping?tab=revenue', 'No deal was read yet'],
  ['/quality', 'No segment set is published yet'],
  ['/quality?tab=data', /No record|Records/],
  ['/quality?tab=refused', 'Nothing is refused'],
  ['/experiments', 'No experiment yet'],
  ['/audit', /^connected$/],
  ['/people', 'What each role may do'],
  ['/privacy', 'Record of processing'],
  ['/settings', 'The fiscal year begins in'],
  ['/settings?tab=writing', 'Brakes: when to stop and ask'],
  ['/settings?tab=alerts', 'E-mail to'],
  ['/settings?tab=tokens', 'Make a token'],
];

describeInBrowser('running the workspace', () => {
  let rig: WebRig;

  beforeAll(async () => {
    rig = await startWebRig({ hubspot: 6, salesforce: 6 });
  });
  afterAll(() => rig?.close());

  it('connects both CRMs through their own pages, and comes back to a checklist', async () => {
    const page = await rig.page(await rig.visitor('admin'));
    await page.goto('/connections');
    await page.getByText('No CRM is connected yet').waitFor();
    for (const crm of ['HubSpot', 'Salesforce']) {
      await page.getByRole('button', { name: 'Connect a CRM' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('radio', { name: crm }).check();
      expect(await axe(page)).toEqual([]);
      await dialog.getByRole('button', { name: `Go on at ${crm}` }).click();
      // The address may still name the account that was connected before.
      await page.waitForURL(new RegExp(`connected=[^&]*-${crm.toLowerCase()}-`));
      await page.getByText('is connected', { exact: false }).first().waitFor();
      await page
        .getByRole('list', { name: 'Checklist' })
        .getByText(/Can read/)
        .first()
        .waitFor();
      expect(await axe(page)).toEqual([]);
    }
    expect(await page.getByRole('region').filter({ hasText: 'Last read' }).count()).toBe(2);
    expect(rig.problems.splice(0)).toEqual([]);
  });

  const seen: [role: Role, buttons: string[], hidden: string[]][] = [
    ['viewer', [], ['Checklist', 'Edit', 'Disconnect', 'Connect a CRM']],
    ['approver', [], ['Checklist', 'Edit', 'Disconnect', 'Connect a CRM']],
    ['revops', ['Checklist'], ['Edit', 'Disconnect', 'Connect a CRM']],
    ['admin', ['Checklist', 'Edit', 'Disconnect', 'Connect a CRM'], []],
  ];
  it.each(seen)('shows a %s what they may do, and nothing else', async (role, buttons, hidden) => {
    const page = await rig.page(await rig.visitor(role));
    await page.goto('/connections');
    await page.getByText('Last read').first().waitFor();
    const named = (name: string) => page.getByRole('button', { name, exact: true });
    for (const name of buttons) expect(await named(name).count(), name).toBeGreaterThan(0);
    for (const name of hidden) expect(await named(name).count(), name).toBe(0);
    const settings = page.getByRole('navigation').getByRole('link', { name: 'Settings' });
    expect(await settings.count()).toBe(role === 'admin' ? 1 : 0);
    await page.context().close();
  });

  it('says of each role what the server lets it do', () => {
    expect(Object.fromEntries(ROLES.map(({ key, permissions }) => [key, permissions]))).toEqual(PERMISSIONS);
  });

  describe.each([
    { width: 1280, scheme: 'light' },
    { width: 390, scheme: 'dark' },
  ] as const)('$width wide and $scheme', ({ width, scheme }) => {
    let page: Page;
    beforeAll(async () => {
      page = await rig.page(await rig.visitor('admin'), { width, scheme });
    });

    // A tab is as wide and as bright as its screen's first one.
    it.each(width === 390 ? SCREENS.filter(([path]) => !path.includes('?')) : SCREENS)(
      '%s is drawn for everybody',
      async (path, shows) => {
        await page.goto(path);
        await page.getByText(shows).first().waitFor();
        expect(await axe(page)).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
        expect(rig.problems.splice(0)).toEqual([]);
      },
    );
  });

  it('asks at disconnecting what stays in the CRM, and shows the receipt', async () => {
    const page = await rig.page(await rig.visitor('admin'));
    await page.goto('/connections');
    await page.getByRole('button', { name: 'Disconnect', exact: true }).first().click();
    const dialog = page.getByRole('dialog');
    const choices = dialog.getByRole('radio');
    await choices.first().waitFor();
    expect(await choices.count()).toBe(3);
    expect(await axe(page)).toEqual([]);
    const send = dialog.getByRole('button', { name: 'Disconnect' });
    expect(await send.isDisabled()).toBe(true);
    await dialog.getByRole('radio', { name: 'Delete properties and lists' }).check();
    await dialog.getByLabel('Type disconnect to confirm').fill('disconnect');
    await send.click();
    await page.getByText('Disconnected accounts').waitFor();
    await page.getByText('receipt', { exact: false }).first().waitFor();
    expect(rig.problems.splice(0)).toEqual([]);
  });

  it('invites somebody by a link that is shown once', async () => {
    const page = await rig.page(await rig.visitor('admin'));
    await page.goto('/people');
    await page.getByRole('button', { name: 'Invite' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('E-mail').fill('grace@example.com');
    await dialog.getByRole('button', { name: 'Invite' }).click();
    const link = await dialog.getByRole('textbox', { name: 'Link' }).inputValue();
    await dialog.getByRole('button', { name: 'Done' }).click();
    await page.getByText('grace@example.com').waitFor();

    const hers = await rig.page(null);
    await hers.goto(link);
    await hers.getByRole('button', { name: 'Sign in' }).click();
    await hers.getByRole('heading', { level: 1, name: 'Home' }).waitFor();
    expect(rig.problems.splice(0)).toEqual([]);
  });
});
