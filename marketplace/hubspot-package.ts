import {
  APP_NAME,
  COMMAND_LINE_REDIRECT,
  PATHS,
  PLATFORM_VERSION,
  PRIVACY_EVENT,
  RECORD_EVENTS,
  RETIRED_PROPERTIES,
  SCOPES,
  WATCHED_PROPERTIES,
  WEBHOOK_CONCURRENCY,
} from '../connectors/hubspot/app.ts';
import { HUBSPOT_OBJECTS } from '../connectors/hubspot/objects.ts';
import { ObjectType } from '../src/model/record.ts';
import { jsonText } from './json-text.ts';
import type { Publisher } from './publisher.ts';

/** Objects whose records show the card: those that hold labels. */
const CARD_OBJECTS = ['contact', 'company'] as const;

export const WEBHOOKS_FILE = 'src/app/webhooks/webhooks-hsmeta.json';

/** Is a path of the project written by the generator? The card, the page and their tests are written by hand. */
export const isGenerated = (path: string) => /^hsproject\.json$|-hsmeta\.json$|\/address\.ts$/.test(path);

/**
 * The generated files of the HubSpot developer project: path in marketplace/hubspot -> text. The same for the same
 * publisher. https://developers.hubspot.com/docs/apps/developer-platform/build-apps/app-configuration
 */
export function hubspotPackage(publisher: Publisher): Record<string, string> {
  return {
    'hsproject.json': jsonText({
      name: 'segment-sync',
      srcDir: 'src',
      platformVersion: PLATFORM_VERSION,
    }),
    'src/app/app-hsmeta.json': jsonText({ uid: 'segment_sync', type: 'app', config: app(publisher) }),
    [WEBHOOKS_FILE]: jsonText({
      uid: 'segment_sync_webhooks',
      type: 'webhooks',
      config: webhooks(publisher),
    }),
    'src/app/cards/segment-card-hsmeta.json': jsonText({
      uid: 'segment_sync_card',
      type: 'card',
      config: {
        name: 'Segments',
        description: 'Which segments this record is in, why, since when, and what to do next.',
        location: 'crm.record.tab',
        entrypoint: '/app/cards/SegmentCard.tsx',
        objectTypes: CARD_OBJECTS.map((object) => HUBSPOT_OBJECTS[object].path),
      },
    }),
    'src/app/settings/settings-hsmeta.json': jsonText({
      uid: 'segment_sync_settings',
      type: 'settings',
      config: { entrypoint: '/app/settings/SettingsPage.tsx' },
    }),
    'src/app/cards/address.ts': cardAddress(publisher),
    'src/app/settings/address.ts': settingsAddress(publisher),
  };
}

function app({ publicUrl, distribution, supportEmail, documentationUrl, supportUrl }: Publisher) {
  const redirectUrl = `${publicUrl}${PATHS.redirect}`;
  return {
    name: APP_NAME,
    description:
      'Works out which segments your contacts and companies belong to, and keeps the labels, the reasons and the next step on their records.',
    distribution,
    auth: {
      type: 'oauth',
      // Whoever runs the program for themselves may authorise it from a command line; a listed app has no need to.
      redirectUrls: distribution === 'private' ? [redirectUrl, COMMAND_LINE_REDIRECT] : [redirectUrl],
      requiredScopes: SCOPES.required,
      optionalScopes: SCOPES.optional,
      conditionallyRequiredScopes: [],
    },
    permittedUrls: { fetch: [publicUrl], iframe: [], img: [] },
    support: { supportEmail, documentationUrl, supportUrl },
  };
}

function webhooks({ publicUrl }: Publisher) {
  const crmObjects = ObjectType.options.flatMap((objectType) => [
    ...RECORD_EVENTS.map((event) => ({ subscriptionType: `object.${event}`, objectType, active: true })),
    ...WATCHED_PROPERTIES[objectType].map((propertyName) => change(objectType, propertyName, true)),
    ...RETIRED_PROPERTIES[objectType].map((propertyName) => change(objectType, propertyName, false)),
  ]);
  return {
    settings: {
      targetUrl: `${publicUrl}${PATHS.webhooks}`,
      maxConcurrentRequests: WEBHOOK_CONCURRENCY,
    },
    subscriptions: {
      crmObjects,
      legacyCrmObjects: [],
      hubEvents: [{ subscriptionType: PRIVACY_EVENT, active: true }],
    },
  };
}

const change = (objectType: ObjectType, propertyName: string, active: boolean) => ({
  subscriptionType: 'object.propertyChange',
  objectType,
  propertyName,
  active,
});

/** HubSpot builds each feature's folder by itself: neither may import from outside, so both are told. */
const HEADER = '// Written by `npm run marketplace` from connectors/hubspot/app.ts: change it there.\n';

function cardAddress({ publicUrl }: Publisher): string {
  const objects = CARD_OBJECTS.map((object) => `  '${HUBSPOT_OBJECTS[object].typeId}': '${object}',\n`);
  return `${HEADER}
/** What the card shows is asked for here. */
export const CARD_URL = '${publicUrl}${PATHS.card}';

/** The workspace itself, where an account is connected. */
export const WORKSPACE_URL = '${publicUrl}${PATHS.workspace}';

/** HubSpot's object type ids and our words for them. */
export const OBJECT_TYPES: Readonly<Record<string, 'contact' | 'company'>> = {
${objects.join('')}};
`;
}

function settingsAddress({ publicUrl, documentationUrl }: Publisher): string {
  return `${HEADER}
/** Where segments, schedules and targets are set. */
export const WORKSPACE_URL = '${publicUrl}${PATHS.workspace}';

/** How to install, configure and remove the app. */
export const GUIDE_URL = '${documentationUrl}';
`;
}
