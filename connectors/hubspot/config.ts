import { z } from 'zod';

/** Hosts that a token of a HubSpot account may be sent to. */
export const HUBSPOT_HOSTS = ['hubapi.com'];

export const HubSpotConfig = z.object({
  apiUrl: z
    .url()
    .default('https://api.hubapi.com')
    .describe('Address of the API; another one only for a sandbox on this machine.'),
});
export type HubSpotConfig = z.infer<typeof HubSpotConfig>;
