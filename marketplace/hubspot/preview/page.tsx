/** `?state=labelled` shows the card in that state, `?settings` the settings page. */
import { createRoot as createExtensionRoot, createRemoteRoot } from '@remote-ui/react';
import { createController, createRemoteReceiver, RemoteRenderer } from '@remote-ui/react/host';
import type { ReactElement } from 'react';
import { createRoot } from 'react-dom/client';
import { STAND_INS } from './stand-ins.tsx';
import { STATES } from './states.ts';

const query = new URLSearchParams(location.search);
const isSettings = query.has('settings');

type Extension = (api: { context: unknown; actions: unknown }) => ReactElement;
let extension: Extension | undefined;
// What HubSpot's worker offers to an extension.
Object.assign(self, {
  __HUBSPOT_EXTENSION_WORKER__: true,
  extend_V2: (given: Extension) => {
    extension = given;
  },
  hsFetch: () => STATES[query.get('state') ?? 'labelled']?.(),
});

if (isSettings) await import('../src/app/settings/SettingsPage.tsx');
else await import('../src/app/cards/SegmentCard.tsx');
if (extension === undefined) throw new Error('Nothing was handed to hubspot.extend.');

const context = {
  crm: { objectId: 101, objectTypeId: '0-1' },
  portal: { id: 48_200_001, timezone: 'Europe/Stockholm' },
};
const receiver = createRemoteReceiver();
const remote = createRemoteRoot(receiver.receive, { components: Object.keys(STAND_INS) });
createExtensionRoot(remote).render(extension({ context, actions: {} }));
remote.mount();

const record = document.getElementById('record');
if (record === null) throw new Error('The page has no place for the card.');
createRoot(record).render(
  <>
    <h1>{isSettings ? 'Settings' : 'Segments'}</h1>
    <RemoteRenderer controller={createController(STAND_INS)} receiver={receiver} />
  </>,
);
