import { afterAll, beforeAll, expect, it } from 'vitest';
import { addSignInLink } from '../../src/store/sign-in-links.ts';
import { axe, describeInBrowser } from './browser.ts';
import { startWebRig, type WebRig } from './rig.ts';

describeInBrowser('signing in', () => {
  let rig: WebRig;
  beforeAll(async () => {
    rig = await startWebRig();
  });
  afterAll(async () => rig?.close());

  it('takes a one-time link to Home, once, and leaves by sign-out', async () => {
    const token = await addSignInLink(rig.database.pool, {
      tenantId: 't1',
      email: 'new@example.com',
      role: 'admin',
      createdBy: 'test',
      hours: 1,
    });
    const page = await rig.page(null);
    await page.goto(`/sign-in/link?token=${token}`);
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { level: 1, name: 'Home' }).waitFor();
    expect(await axe(page)).toEqual([]);

    await page.getByRole('button', { name: 'new@example.com' }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.waitForURL('**/sign-in');
    await page.goto('/');
    await page.getByRole('heading', { name: 'Sign in to Segment Sync' }).waitFor();
    expect(await axe(page)).toEqual([]);

    await page.goto(`/sign-in/link?token=${token}`);
    await page.getByRole('button', { name: 'Sign in' }).click();
    expect(await page.getByRole('alert').textContent()).toContain('used already');
    expect(rig.problems).toEqual([]);
  });
});
