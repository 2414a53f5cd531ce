import { Button, Link } from '@hubspot/ui-extensions';
import { createRenderer } from '@hubspot/ui-extensions/testing';
import { expect, it } from 'vitest';
import { GUIDE_URL, WORKSPACE_URL } from '../src/app/settings/address.ts';
import { SettingsPage } from '../src/app/settings/SettingsPage.tsx';

it('leads to the workspace and to the guide', () => {
  const { render, find } = createRenderer('settings');
  render(<SettingsPage />);
  expect(find(Button).props.href).toEqual({ url: WORKSPACE_URL, external: true });
  expect(find(Link).props.href).toEqual({ url: GUIDE_URL, external: true });
});
