import { z } from 'zod';
import { allowSensitive } from '../../privacy/lawful-basis.ts';
import { Basis } from '../../store/lawful-bases.ts';
import { route } from '../route.ts';

export const AttributeName = z
  .string()
  .max(60)
  .regex(/^(person|company|deal)\.[a-z][a-z0-9_]*$/, 'whose it is, a dot, its key: person.religion');

export default route({
  method: 'PUT',
  path: '/api/privacy/bases/:attribute',
  summary: 'Record the lawful basis for using a sensitive attribute; from then on it can be used',
  tag: 'Privacy',
  may: 'administer',
  action: 'basis.record',
  params: z.strictObject({ attribute: AttributeName }),
  body: z.strictObject({
    basis: Basis,
    article: z.string().trim().min(1).max(100).optional().describe('That of the basis, if left out'),
    note: z.string().max(500).optional().describe('Where the proof is'),
  }),
  handle: async ({ params, body, tenant, actor, parts }) => {
    await allowSensitive(parts.store.pool, tenant, params.attribute, { ...body, by: actor.name });
  },
});
