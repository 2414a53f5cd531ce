/** What people call attributes that definitions name by their keys. */
import { type Attribute, AttributeOwner, type SubjectType } from '../model/attribute.ts';
import { findInCatalogue } from './catalogue.ts';

type Named = Pick<Attribute, 'owner' | 'key' | 'name'>;

/** Its name here, else in the catalogue (where nothing feeds it), else its key as words. */
export function nameOfAttribute(
  { owner, key }: Pick<Attribute, 'owner' | 'key'>,
  subject: SubjectType,
  attributes: readonly Named[] = [],
): string {
  const known = attributes.find((one) => one.owner === owner && one.key === key);
  const name = known?.name ?? findInCatalogue(owner, key)?.attribute.name ?? key.replaceAll('_', ' ');
  if (owner === subject) return name;
  return `${name} of ${{ person: 'their people', company: 'their company', deal: 'deals' }[owner]}`;
}

/** The same of `last_login_at`, `company.industry` or `deal.stage`. */
export function nameOfColumn(
  column: string,
  subject: SubjectType,
  attributes: readonly Named[] = [],
): string {
  const [before = '', key] = column.split('.');
  const owner = key === undefined ? subject : AttributeOwner.parse(before);
  return nameOfAttribute({ owner, key: key ?? before }, subject, attributes);
}
