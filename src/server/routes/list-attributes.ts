import { z } from 'zod';
import { Attribute, AttributeType } from '../../model/attribute.ts';
import { operators, operatorTypes } from '../../segmentation/operators.ts';
import { listAttributeChoices } from '../../views/attribute-choices.ts';
import { route } from '../route.ts';

export default route({
  method: 'GET',
  path: '/api/attributes',
  summary: 'What conditions can be made of: attributes with what feeds them, and the operators of each type',
  tag: 'Segment sets',
  may: 'read',
  answer: z.object({
    attributes: z.array(
      z.object({
        ...Attribute.omit({ empty: true, repVisible: true, valueNames: true }).shape,
        state: z.enum(['ready', 'filling', 'problem', 'missing']),
        fedBy: z.array(z.string()),
        isAllowed: z.boolean().describe('Sensitive ones may be used once their lawful basis is on record'),
      }),
    ),
    operators: z.record(AttributeType, z.array(z.string())),
  }),
  handle: async ({ tenant, parts }) => ({
    attributes: await listAttributeChoices(parts.store.pool, tenant),
    operators: operatorsByType,
  }),
});

const forType = (type: AttributeType): string[] =>
  operators.filter((operator) => operatorTypes[operator].includes(type));

const operatorsByType = {
  text: forType('text'),
  number: forType('number'),
  money: forType('money'),
  boolean: forType('boolean'),
  date: forType('date'),
  datetime: forType('datetime'),
  enum: forType('enum'),
  multi: forType('multi'),
};
