import { z } from 'zod';
import type { Json } from '../contract.ts';

/** Where a bulk query stands. Its results are read with the API version that made it. */
export const BulkJob = z.object({
  id: z.string(),
  version: z.string(),
  locator: z.string().nullable(),
  /** Steps that waited for it. */
  polls: z.int().default(0),
});
export type BulkJob = z.infer<typeof BulkJob>;

/** How far a pull has come. An object of ours may be several of theirs, which are read one after the other. */
export const Cursor = z.object({
  /** Changes from here on are to be read, by object. */
  since: z.record(z.string(), z.number()).default({}),
  /** Where the next pass begins once this one is through; by Salesforce's clock at the pass's first answer. */
  next: z.number().nullable().default(null),
  /** Which object is being read. */
  source: z.int().default(0),
  /** The last change time given, in this object. */
  at: z.string().nullable().default(null),
  /** The last id given; with `at`, the last one of that time. */
  afterId: z.string().nullable().default(null),
  /** Did this object give any row in this pass? */
  hasRows: z.boolean().default(false),
  /** Records of this object, and of all of them, when the pass began. */
  counts: z.array(z.number()).default([]),
  job: BulkJob.nullable().default(null),
  /** Rows of the job's present page of results that were given. */
  skip: z.int().default(0),
  /** Bulk jobs of this object that came to nothing. */
  failures: z.int().default(0),
  /** Do deals of this org have contact roles? */
  hasRoles: z.boolean().default(false),
});
export type Cursor = z.infer<typeof Cursor>;

export const cursorOf = (cursor: Json): Cursor => Cursor.parse(cursor ?? {});

/** The start of the next object in the same pass. */
export const nextSource = (cursor: Cursor): Cursor => ({
  ...cursor,
  source: cursor.source + 1,
  at: null,
  afterId: null,
  hasRows: false,
  job: null,
  skip: 0,
  failures: 0,
});
