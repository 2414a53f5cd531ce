import { describe, expect, it } from 'vitest';
import hubspot from '../../connectors/hubspot/index.ts';
import salesforce from '../../connectors/salesforce/index.ts';
import { hubspotRig, seedOf as portalOf } from './hubspot-rig.ts';
import { seedOf as orgOf, salesforceRig } from './salesforce-rig.ts';

const FEW = { contacts: 1, companies: 1, deals: 0 };
const NEEDS = { properties: [], write: true };

describe('an org that does not know our API version', () => {
  it.each([
    { versions: [64, 65], says: 'versions 64.0 to 65.0', action: 'Wait until Salesforce has upgraded' },
    { versions: [67, 68], says: 'versions 67.0 to 68.0', action: 'Update Segment Sync' },
  ])('says so when it is connected and checked: $versions', async ({ versions, says, action }) => {
    const rig = await salesforceRig(orgOf(FEW), { versions });
    const expected = {
      code: 'api_version_unknown',
      message: expect.stringContaining(says),
      action: expect.stringContaining(action),
    };
    await expect(salesforce.identify(rig.context())).rejects.toMatchObject(expected);
    const items = await salesforce.check(rig.context(), NEEDS);
    expect(items).toEqual([{ ...expected, code: 'org', ok: false, level: 'error' }]);
    await rig.stop();
  });

  it('is told from one that does, and refuses us for another reason', async () => {
    const rig = await salesforceRig(orgOf(FEW));
    rig.crm.faults.replace({ rules: [{ match: '/query$', fault: { kind: 'status', status: 404 } }] });
    await expect(salesforce.identify(rig.context())).rejects.toMatchObject({
      status: 404,
      code: expect.not.stringContaining('version'),
    });
    await rig.stop();
  });
});

describe('a portal that does not know our API version', () => {
  it('says so when it is authorised, connected and checked', async () => {
    const rig = await hubspotRig(portalOf(FEW), { versions: ['2027-03', '2027-09'] });
    const expected = {
      code: 'api_version_unknown',
      message: expect.stringContaining('2026-03'),
      action: expect.stringContaining('Update Segment Sync'),
    };
    await expect(hubspot.identify(rig.context())).rejects.toMatchObject(expected);
    const items = await hubspot.check(rig.context(), NEEDS);
    expect(items).toEqual([{ ...expected, code: 'account', ok: false, level: 'error' }]);
    const secret = { accessToken: 'a', refreshToken: 'r', expiresAt: null, apiUrl: rig.crm.url };
    const options = {
      config: { apiUrl: rig.crm.url },
      fetch,
      signal: new AbortController().signal,
      now: new Date(),
    };
    await expect(hubspot.refresh(rig.crm.app, secret, options)).rejects.toMatchObject(expected);
    await rig.stop();
  });
});
