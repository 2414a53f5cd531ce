import { z } from 'zod';

const Https = z
  .url({ protocol: /^https$/, error: 'an https address' })
  .transform((text) => text.replace(/\/+$/, ''));

/**
 * What differs from publisher to publisher; kept in publisher.json, so that the packages can be written again without
 * being told anew.
 */
export const Publisher = z.strictObject({
  publicUrl: Https.refine(
    (text) => new URL(text).pathname === '/' && !/^(localhost|127\.|\[)/.test(new URL(text).hostname),
    'an https address without a path, and not of this machine: the CRMs refuse others',
  ).describe(
    'Address under which the CRMs and browsers reach the web process; the same as PUBLIC_URL there.',
  ),
  distribution: z
    .enum(['marketplace', 'private'])
    .describe(
      'marketplace: for everybody. private: for a few accounts; may also be authorised from a command line.',
    ),
  supportEmail: z.email().describe('Where users of the app write for help.'),
  documentationUrl: Https.describe('The public guide to install and configure.'),
  supportUrl: Https.describe('The public page for help.'),
  salesforceOauthLink: z
    .string()
    .regex(/^00D[A-Za-z0-9]{12,15}:[A-Za-z0-9]+$/, 'an org id, a colon, and the id of the OAuth consumer')
    .nullable()
    .default(null)
    .describe(
      'Ties the Salesforce package to the keys in the publisher’s own org, which makes it up when it first gets the app.',
    ),
  salesforcePackageId: z
    .string()
    .regex(/^0Ho[A-Za-z0-9]{12,15}$/, 'an id that begins with 0Ho')
    .nullable()
    .default(null)
    .describe('What `sf package create` answered; versions are made of that package.'),
});
export type Publisher = z.infer<typeof Publisher>;
