import { z } from 'zod';

/** What we remember of a field that we made, on each object that holds records of the target's kind. */
export const FieldRemote = z.object({
  kind: z.literal('field'),
  /** The field's API name, the same on all objects; a person account's is written as `X__pc`. */
  property: z.string(),
  type: z.enum(['Picklist', 'MultiselectPicklist', 'DateTime', 'TextArea']),
  /** Object to the field's id in the Tooling API. */
  ids: z.record(z.string(), z.string()),
});
export type FieldRemote = z.infer<typeof FieldRemote>;

const View = z.object({ fullName: z.string(), id: z.string() });

/** A view shows records of one object: that of contacts has another beside it for leads, where the org has some. */
export const ListViewRemote = View.extend({ kind: z.literal('list_view'), leads: View.optional() });

/** All views of a target. */
export const viewsOf = ({ fullName, id, leads }: ListViewRemote): z.infer<typeof View>[] => [
  { fullName, id },
  ...(leads === undefined ? [] : [leads]),
];
export type ListViewRemote = z.infer<typeof ListViewRemote>;

export const CampaignRemote = z.object({ kind: z.literal('campaign'), id: z.string(), name: z.string() });
export type CampaignRemote = z.infer<typeof CampaignRemote>;
