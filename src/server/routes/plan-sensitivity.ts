import { z } from 'zod';
import { Attribute, AttributeOwner, Key } from '../../model/attribute.ts';
import { planSensitivity } from '../../privacy/sensitivity.ts';
import { route } from '../route.ts';

const { sensitivity: Sensitivity } = Attribute.shape;
export const SensitivityParams = z.strictObject({ owner: AttributeOwner, key: Key });
export const SensitivityLevel = Sensitivity.unwrap();
export const SensitivityAnswer = z.object({
  from: SensitivityLevel,
  to: SensitivityLevel,
  needsReason: z.boolean().describe('It would be handled with less care than now'),
  refused: z
    .array(z.object({ key: z.string(), name: z.string() }))
    .describe('Published segment sets that give no more labels until a lawful basis is on record'),
});

export default route({
  method: 'GET',
  path: '/api/attributes/:owner/:key/sensitivity',
  summary: 'What another sensitivity of an attribute would touch; changes nothing',
  tag: 'Mapping',
  may: 'administer',
  params: SensitivityParams,
  query: z.strictObject({ to: SensitivityLevel }),
  answer: SensitivityAnswer,
  handle: ({ params, query, tenant, parts }) => planSensitivity(parts.store.pool, tenant, params, query.to),
});
