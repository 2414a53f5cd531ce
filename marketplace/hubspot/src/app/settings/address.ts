// Written by `npm run marketplace` from connectors/hubspot/app.ts: change it there.

/** Where segments, schedules and targets are set. */
export const WORKSPACE_URL = 'https://segments.example.com/';

/** How to install, configure and remove the app. */
export const GUIDE_URL = 'https://docs.example.com/segment-sync/install';
