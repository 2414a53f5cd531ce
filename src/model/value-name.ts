import type { Attribute } from './attribute.ts';

/** What the CRM calls the values of an attribute, by value; what is missing is called as it is. */
export type ValueNames = NonNullable<Attribute['valueNames']>;

/** A value as people read it in the CRM: `Closed won`, of `closedwon`. */
export function valueName(of: Pick<Attribute, 'valueNames'> | undefined, value: string): string {
  const names = of?.valueNames;
  return (names && Object.hasOwn(names, value) ? names[value] : undefined) ?? value;
}
