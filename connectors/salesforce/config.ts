import { z } from 'zod';

export const SalesforceConfig = z.object({
  loginUrl: z
    .url()
    .default('https://login.salesforce.com')
    .describe(
      'Where users of the org log in: its My Domain address, or https://test.salesforce.com for a sandbox org.',
    ),
  mayCreate: z
    .boolean()
    .optional()
    .describe(
      'May Segment Sync make fields, list views and campaigns itself? Else it hands over files to deploy.',
    ),
});
export type SalesforceConfig = z.infer<typeof SalesforceConfig>;
