import { z } from 'zod';

const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day, such as 22:00');

/** Times of day, in the tenant's zone, between which nothing is written; past midnight where `to` comes first. */
export const QuietHours = z.strictObject({ from: TimeOfDay, to: TimeOfDay });
export type QuietHours = z.infer<typeof QuietHours>;

const Share = z.number().min(0).max(1);

/** How much of the writing a tenant leaves to the program. Every field has a default; `tenant.policy` holds what differs. */
export const Policy = z.object({
  release: z
    .enum(['ask', 'auto'])
    .default('ask')
    .describe('New and changed targets wait for a person, or are released as soon as they are published'),
  approval: z
    .enum(['one', 'second_person'])
    .default('one')
    .describe('Who saved a draft may publish it, or somebody else has to'),
  pilot: z
    .enum(['wait', 'go_on', 'off'])
    .default('go_on')
    .describe(
      'After the first 50 records of a target: wait for a look, go on if they were accepted, or no pilot',
    ),
  pilotSize: z.number().int().min(1).max(1_000).default(50).describe('Records in the first push of a target'),
  pilotRefusals: Share.default(0.1).describe(
    'Larger shares of refused records in the first push hold the target',
  ),
  handEdits: z
    .enum(['pin', 'overwrite'])
    .default('pin')
    .describe('A value that somebody set by hand in a property of ours is left alone, or written over'),
  pinDays: z
    .number()
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('Days after which a value set by hand is ours again; null for never'),
  brakes: z
    .object({
      labelShare: Share.default(0.3).describe('A push that changes a larger share of a target holds it'),
      labelLeast: z
        .number()
        .int()
        .min(1)
        .default(100)
        .describe('Fewer changes than this never hold a target'),
      editShare: Share.default(0.05).describe(
        'More values than this share changed elsewhere hold the target',
      ),
      editLeast: z.number().int().min(1).default(20).describe('Fewer values than this never hold a target'),
      recordShare: Share.default(0.1).describe('A larger fall in the records of an object stops the pull'),
      recordLeast: z.number().int().min(1).default(50).describe('A smaller fall never stops the pull'),
    })
    .prefault({}),
  precedence: z
    .enum(['newest', 'rank'])
    .default('newest')
    .describe('Where several records of one person disagree: the newest value, or the best connection'),
  quietHours: QuietHours.nullable()
    .default(null)
    .describe('Times of day between which nothing is written into a CRM: its automations would mail people'),
  writesPerRun: z
    .number()
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('Records written to one connection in one run; the rest follows in the next'),
  tasksPerOwnerAndWeek: z
    .number()
    .int()
    .min(0)
    .max(100)
    .default(0)
    .describe(
      'Tasks that plays may make for one owner of records in a week, the most valuable first; 0 for none',
    ),
});
export type Policy = z.infer<typeof Policy>;
