import { z } from 'zod';

/** Hosts that a token of a HubSpot account may be sent to. */
export const HUBSPOT_HOSTS = ['hubapi.com'];

export const HubSpotConfig = z.object({
  apiUrl: z
    .url()
    .default('https://api.hubapi.com')
    .describe('Address of the API; another one only for a sandbox on this machine.'),
  mayCreate: z
    .boolean()
    .optional()
    .describe('May Segment Sync make properties and lists itself? Else it says what an admin has to make.'),
});
export type HubSpotConfig = z.infer<typeof HubSpotConfig>;
