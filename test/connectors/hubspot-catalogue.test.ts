import { expect, it } from 'vitest';
import { standardProperties } from '../../sandbox/hubspot/standard-properties.ts';
import type { Attribute } from '../../src/model/attribute.ts';
import type { ObjectType } from '../../src/model/record.ts';
import { catalogue } from '../../src/segmentation/catalogue.ts';

/** Types of HubSpot's properties that an attribute of each type can be read from. */
const READABLE: Record<Attribute['type'], string[]> = {
  // Yes and no may also be written out.
  boolean: ['bool', 'string'],
  number: ['number', 'string'],
  money: ['number'],
  date: ['date', 'datetime', 'string'],
  datetime: ['datetime', 'date'],
  enum: ['enumeration', 'string'],
  multi: ['enumeration', 'string'],
  text: ['string', 'enumeration', 'number'],
};

const rows = catalogue.flatMap(({ attribute, mappings }) =>
  mappings.flatMap(({ system, object, properties }) =>
    system === 'hubspot' ? properties.map((name) => ({ object, name, type: attribute.type })) : [],
  ),
);

const standard = (object: ObjectType) =>
  new Map(standardProperties(object).map((one) => [one.name, one.type]));

it('reads each standard attribute from a property of HubSpot that can hold it', () => {
  const types = { contact: standard('contact'), company: standard('company'), deal: standard('deal') };
  const known = rows.filter(({ object, name }) => types[object].has(name));
  expect(known.length).toBeGreaterThan(60);
  const wrong = known.filter(
    ({ object, name, type }) => !READABLE[type].includes(types[object].get(name) ?? ''),
  );
  expect(wrong).toEqual([]);
  // Whether a company is a target account at all, and not of which tier.
  expect(rows).toContainEqual({ object: 'company', name: 'hs_is_target_account', type: 'boolean' });
});
