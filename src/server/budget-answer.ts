import { z } from 'zod';

/** A limit on calls, and how much of it is used now. */
export const BudgetAnswer = z.object({
  name: z.string(),
  /** Calls that we allow ourselves in the window. */
  limit: z.number(),
  windowMs: z.number(),
  used: z.number(),
  /** Set by a person of this company; else the CRM's, or our own manners. */
  isOurs: z.boolean(),
  /** No call before, as the CRM asked; milliseconds from now. */
  waitMs: z.number(),
});
