import { z } from 'zod';
import { ObjectType } from '../model/record.ts';

/** One value of one record, in words: what it was, and what it is or would be. */
export const WriteAnswer = z.object({
  connectionId: z.string(),
  connection: z.string(),
  object: ObjectType,
  record: z.string(),
  link: z.string().nullable(),
  customer: z.string().nullable(),
  customerId: z.string().nullable(),
  target: z.string(),
  what: z.string(),
  before: z.array(z.string()),
  after: z.array(z.string()),
});
