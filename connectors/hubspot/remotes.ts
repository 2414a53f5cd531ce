import { z } from 'zod';

/** What we remember of a property that we made. */
export const PropertyRemote = z.object({
  kind: z.literal('property'),
  /** Its internal name. */
  property: z.string(),
  type: z.enum(['enumeration', 'datetime', 'string']),
});
export type PropertyRemote = z.infer<typeof PropertyRemote>;

/** What we remember of a list that we made. */
export const ListRemote = z.object({ kind: z.literal('list'), listId: z.string(), name: z.string() });
export type ListRemote = z.infer<typeof ListRemote>;
