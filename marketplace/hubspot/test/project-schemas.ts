/**
 * What HubSpot's pages say about each file of a project. Its own schemas are given out only to an account:
 * `hs project validate` asks for them before an upload.
 * https://developers.hubspot.com/docs/apps/developer-platform/build-apps/app-configuration
 */
import * as z from 'zod';

const Uid = z.string().regex(/^[a-zA-Z0-9_.-]{1,64}$/);
const HttpsUrl = z.url({ protocol: /^https$/ });
/** Plain http only on the developer's own machine. */
const RedirectUrl = z.union([HttpsUrl, z.url().startsWith('http://localhost:')]);
const Host = HttpsUrl.refine((text) => new URL(text).hostname !== 'localhost' && !text.includes('*'));
const Scope = z.string().regex(/^(oauth|crm\.[a-z.]+)$/);
const Entrypoint = z.string().regex(/^\/app\/[a-z]+\/[A-Za-z]+\.tsx$/);

export const App = z.strictObject({
  // Names that borrow from "HubSpot" or "Hub" are refused with the listing.
  name: z
    .string()
    .min(1)
    .max(200)
    .regex(/^(?!.*hub).*$/i),
  description: z.string().min(1).max(8_192),
  distribution: z.enum(['marketplace', 'private']),
  auth: z.strictObject({
    type: z.literal('oauth'),
    redirectUrls: z.array(RedirectUrl).min(1),
    requiredScopes: z.array(Scope).min(1),
    optionalScopes: z.array(Scope),
    conditionallyRequiredScopes: z.array(Scope),
  }),
  permittedUrls: z.strictObject({ fetch: z.array(Host), iframe: z.array(Host), img: z.array(Host) }),
  support: z.strictObject({ supportEmail: z.email(), documentationUrl: HttpsUrl, supportUrl: HttpsUrl }),
});

const ObjectType = z.enum(['contact', 'company', 'deal']);
const CrmObject = z.discriminatedUnion('subscriptionType', [
  z.strictObject({
    subscriptionType: z.literal('object.propertyChange'),
    objectType: ObjectType,
    // HubSpot sends no events for these two.
    propertyName: z.string().regex(/^(?!hs_lastmodifieddate$|num_unique_conversion_events$)[a-z][a-z0-9_]*$/),
    active: z.boolean(),
  }),
  ...(['creation', 'deletion', 'merge', 'restore', 'associationChange'] as const).map((event) =>
    z.strictObject({
      subscriptionType: z.literal(`object.${event}`),
      objectType: ObjectType,
      active: z.boolean(),
    }),
  ),
]);

export const Webhooks = z.strictObject({
  settings: z.strictObject({ targetUrl: HttpsUrl, maxConcurrentRequests: z.int().min(6) }),
  subscriptions: z.strictObject({
    crmObjects: z.array(CrmObject).max(1_000),
    legacyCrmObjects: z.array(z.never()),
    hubEvents: z.array(
      z.strictObject({ subscriptionType: z.literal('contact.privacyDeletion'), active: z.boolean() }),
    ),
  }),
});

export const Card = z.strictObject({
  name: z.string().min(1),
  description: z.string().min(1),
  location: z.literal('crm.record.tab'),
  entrypoint: Entrypoint,
  objectTypes: z.array(z.enum(['contacts', 'companies'])).min(1),
});

export const Settings = z.strictObject({ entrypoint: Entrypoint });

/** A `*-hsmeta.json` file. */
export const Feature = z.discriminatedUnion('type', [
  z.strictObject({ uid: Uid, type: z.literal('app'), config: App }),
  z.strictObject({ uid: Uid, type: z.literal('webhooks'), config: Webhooks }),
  z.strictObject({ uid: Uid, type: z.literal('card'), config: Card }),
  z.strictObject({ uid: Uid, type: z.literal('settings'), config: Settings }),
]);

export const Project = z.strictObject({
  name: z.string().min(1),
  srcDir: z.literal('src'),
  platformVersion: z.literal('2026.03'),
});
