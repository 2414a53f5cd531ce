import type { Attribute, AttributeOwner } from '../model/attribute.ts';

/** The attributes that a tenant has columns for, found by owner and key. */
export type AttributeIndex = { get(owner: AttributeOwner, key: string): Attribute | undefined };

export function indexAttributes(attributes: readonly Attribute[]): AttributeIndex {
  const index = new Map(attributes.map((attribute) => [`${attribute.owner}.${attribute.key}`, attribute]));
  return { get: (owner, key) => index.get(`${owner}.${key}`) };
}
