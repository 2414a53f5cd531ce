import { DealNames, type Property } from '../../../connectors/contract.ts';
import type { Attribute, AttributeOwner, AttributeType } from '../../model/attribute.ts';
import type { ValueNames } from '../../model/value-name.ts';
import type { MappingRow } from '../../store/mappings.ts';

/** Of longer lists (every store, every user) values are shown as they are: names are read with each statement. */
const MOST_NAMES = 1_000;
const NAMED: ReadonlySet<AttributeType> = new Set(['text', 'enum', 'multi']);

/**
 * What people call the values of the attributes that an object's properties feed: by the options of each property, and
 * for deals by what the CRM says apart from them. Attributes of which nothing is known are left out.
 */
export function valueNamesOf(
  owner: AttributeOwner,
  feeds: readonly Pick<MappingRow, 'attribute' | 'property'>[],
  properties: readonly Pick<Property, 'name' | 'options'>[],
  attributes: readonly Attribute[],
  config: Record<string, unknown>,
): { owner: AttributeOwner; key: string; valueNames: ValueNames }[] {
  const options = new Map(properties.map((property) => [property.name, property.options ?? []]));
  const deals = DealNames.parse(config.dealNames ?? {});
  const apart: Record<string, ValueNames> =
    owner === 'deal' ? { pipeline: deals.pipelines, stage: deals.stages, deal_type: deals.dealTypes } : {};
  return feeds.flatMap(({ attribute: key, property }) => {
    const attribute = attributes.find((one) => one.owner === owner && one.key === key);
    if (attribute === undefined || !NAMED.has(attribute.type)) return [];
    const names = new Map(
      (options.get(property) ?? []).map(({ value, label }) => [value.trim(), label.trim()]),
    );
    for (const [value, name] of Object.entries(apart[key] ?? {})) names.set(value, name);
    names.delete('');
    if (names.size === 0 || names.size > MOST_NAMES) return [];
    const named = [...names].map(([value, name]) => [value, name || value]);
    return [{ owner, key, valueNames: Object.fromEntries(named) }];
  });
}
