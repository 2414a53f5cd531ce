import { z } from 'zod';
import { AttributeOwner } from '../../model/attribute.ts';
import { readPrivacy } from '../../privacy/overview.ts';
import { Basis, LawfulBasis, lawfulBases } from '../../store/lawful-bases.ts';
import { Instant, route } from '../route.ts';

export const BasisAnswer = LawfulBasis.extend({ at: Instant });

export default route({
  method: 'GET',
  path: '/api/privacy',
  summary: 'Who is left out, how long what is kept, and why sensitive attributes may be used',
  tag: 'Privacy',
  may: 'read',
  answer: z.object({
    gates: z.array(z.string()),
    retention: z.array(z.object({ what: z.string(), howLong: z.string() })),
    /** Identities (e-mails, record ids) that are never stored again. */
    suppressed: z.number(),
    bases: z.array(BasisAnswer),
    /** Sensitive attributes, and those that single out people under 18; `isFed`: there is data of it here. */
    sensitive: z.array(
      z.object({
        owner: AttributeOwner,
        key: z.string(),
        name: z.string(),
        isFed: z.boolean(),
        /** Segment sets that use it. */
        usedBy: z.array(z.string()),
      }),
    ),
    /** What a basis may be, with the article it rests on. */
    choices: z.array(z.object({ basis: Basis, article: z.string() })),
  }),
  handle: async ({ tenant, parts }) => ({
    ...(await readPrivacy(parts.store.pool, tenant)),
    choices: Basis.options.map((basis) => ({ basis, article: lawfulBases[basis] })),
  }),
});
