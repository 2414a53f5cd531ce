import { z } from 'zod';

/** The three kinds of record that are synced. Salesforce leads are contacts until converted. */
export const ObjectType = z.enum(['contact', 'company', 'deal']);
export type ObjectType = z.infer<typeof ObjectType>;

export const Scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
export type Scalar = z.infer<typeof Scalar>;

/** An association of one record with another in the same CRM. */
export const Link = z.object({
  to: ObjectType,
  id: z.string().min(1),
  primary: z.boolean().default(false),
  /** What the CRM calls the part it plays, several joined by semicolons; null where nobody said. */
  role: z.string().nullable().default(null),
});
export type Link = z.infer<typeof Link>;

/** A record as a connector yields it: CRM property names, CRM values, CRM ids. */
export const SourceRecord = z.object({
  object: ObjectType,
  id: z.string().min(1),
  /** The CRM's own table where it matters: contact, lead, person_account, company, deal. */
  kind: z.string().min(1),
  properties: z.record(z.string(), Scalar),
  createdAt: z.iso.datetime({ offset: true }).nullable(),
  updatedAt: z.iso.datetime({ offset: true }),
  state: z.enum(['live', 'deleted', 'merged']).default('live'),
  /** The survivor's id where state is merged. */
  mergedInto: z.string().nullable().default(null),
  /** All links of the named kinds, or absent where this page does not tell. */
  links: z.array(Link).optional(),
});
export type SourceRecord = z.infer<typeof SourceRecord>;
