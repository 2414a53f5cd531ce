import { z } from 'zod';
import { Attention } from '../model/attention.ts';
import { Key, SubjectType } from '../model/attribute.ts';
import { DealMeasure, SegmentName } from './condition.ts';
import { Duration } from './duration.ts';

const CRM_SAFE =
  'HubSpot and Salesforce hold only lower-case letters and digits, in words joined by single underscores, starting with a letter';

/** A key that becomes part of a CRM's field name: Salesforce takes 40 characters with its prefix, no double underscore. */
export const SegmentationKey = z
  .string()
  .regex(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/, CRM_SAFE)
  .max(30, 'a segmentation key has at most 30 characters, so that it fits a CRM field name');

/** A key that becomes a picklist value; a semicolon would split it. */
export const SegmentKey = z
  .string()
  .regex(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/, CRM_SAFE)
  .max(40, 'a segment key has at most 40 characters, so that a CRM can hold it');

export const PlayTask = z.strictObject({
  subject: z.string().min(1).max(200).describe('What the task says at the top.'),
  dueIn: Duration.optional().describe('How long its owner has; 7 days if left out.'),
});
export type PlayTask = z.infer<typeof PlayTask>;

export const Play = z.strictObject({
  channel: z.string().optional().describe('Where: email, phone, sms, ads, in-app, meeting.'),
  message: z.string().optional().describe('What to say.'),
  offer: z.string().optional().describe('What to give.'),
  owner: z.string().optional().describe('Who does it.'),
  cadence: z.string().optional().describe('How often.'),
  budget: z.number().min(0).optional().describe("Money set aside for it, in the tenant's currency."),
  costPerContact: z
    .number()
    .min(0)
    .optional()
    .describe("What reaching one customer costs, in the tenant's currency."),
  window: Duration.optional().describe(
    'How long after somebody entered the segment a purchase counts for it; 30 days if left out.',
  ),
  task: PlayTask.optional().describe(
    'One task in the CRM for the owner of each record that enters the segment; only where the policy allows tasks.',
  ),
});
export type Play = z.infer<typeof Play>;

export const segment = {
  key: SegmentKey.describe('Permanent; the value that the CRM stores.'),
  name: z.string().min(1).max(100).describe('What people read.'),
  description: z.string().max(500).optional().describe('Who these are, in a sentence.'),
  stay: Duration.optional().describe('Keep the label at least this long once given.'),
  play: Play.optional().describe('What to do with these customers.'),
  attention: Attention.optional().describe(
    'Lists its customers to their owners: at_risk for as long as they are in it, new when they come into it. Where no segment of a set says new, all its segments are news.',
  ),
};

export const TiersSegment = z.strictObject({
  ...segment,
  atLeast: z.number().optional().describe('Lowest value of this tier.'),
  topPercent: z
    .number()
    .gt(0)
    .lt(100)
    .optional()
    .describe(
      'This tier and those above hold so many percent; the cut point is learned, equal values stay together.',
    ),
});
export type TiersSegment = z.infer<typeof TiersSegment>;

/** A number or date of the subject: an attribute's key, something worked out from its deals, or a score. */
export const Measure = z.union([
  Key.describe('The key of an attribute.'),
  z.strictObject({ deals: DealMeasure }).describe('Worked out from deals.'),
  z.strictObject({ score: SegmentName }).describe('A score of another segmentation.'),
]);
export type Measure = z.infer<typeof Measure>;

export const Targets = z.strictObject({
  hubspot: z
    .strictObject({
      property: z.boolean().default(true).describe('Write the label to a property.'),
      list: z
        .enum(['dynamic', 'manual'])
        .optional()
        .describe('A list per segment: dynamic filters on the property, manual has its members written.'),
      why: z.boolean().default(false).describe('Write the reason beside the label.'),
    })
    .optional(),
  salesforce: z
    .strictObject({
      field: z.boolean().default(true).describe('Write the label to a picklist field.'),
      primary: z.boolean().default(true).describe('With many labels, also a field with the first of them.'),
      listView: z.boolean().default(false).describe('A list view per segment.'),
      campaign: z
        .boolean()
        .default(false)
        .describe('A campaign per segment; those who leave get the status Left.'),
      why: z.boolean().default(false).describe('Write the reason beside the label.'),
    })
    .optional(),
  csv: z.strictObject({ file: z.boolean().default(true).describe('Write the labels to a file.') }).optional(),
});
export type Targets = z.infer<typeof Targets>;

export const common = {
  key: SegmentationKey.describe('Permanent, never used again for another; part of the CRM field name.'),
  name: z.string().min(1).max(100).describe('What people read.'),
  description: z.string().max(1000).optional().describe('How it divides, in a sentence or two.'),
  goal: z.string().max(500).optional().describe('What the business wants from it.'),
  owner: z.string().max(200).optional().describe('Who answers for it.'),
  subject: SubjectType.describe('What is divided: people or companies.'),
  use: z
    .enum(['marketing', 'sales', 'service', 'routing', 'analysis', 'eligibility'])
    .default('marketing')
    .describe(
      'What the labels are used for; eligibility means that they affect price, credit or access, and needs a human step.',
    ),
  purpose: z
    .string()
    .max(500)
    .optional()
    .describe('Why personal data is processed for it, for the record of processing.'),
  lawfulBasis: z
    .enum([
      'consent',
      'contract',
      'legal_obligation',
      'vital_interests',
      'public_task',
      'legitimate_interests',
    ])
    .optional()
    .describe('The lawful basis under GDPR article 6.'),
  targets: Targets.optional().describe(
    'Where labels are written; the property of every connected CRM if left out.',
  ),
  handDown: z
    .boolean()
    .optional()
    .describe('For companies: also write the label on the records of the people who work there.'),
  review: z
    .string()
    .regex(/^every [1-9]\d{0,2} (day|week|month|quarter|year)s?$/, 'write a rhythm, as in "every 3 months"')
    .optional()
    .describe('How often to look whether it still fits.'),
};

export const learned = {
  learn: z
    .string()
    .regex(/^every [1-9]\d{0,2} (day|week|month|quarter|year)s?$/, 'write a rhythm, as in "every 1 month"')
    .default('every 1 month')
    .describe('How often cut points are learned again; between, labels move only because customers do.'),
};
