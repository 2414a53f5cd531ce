import { personActivity } from './person-activity.ts';
import { personIdentity } from './person-identity.ts';
import { personTraits } from './person-traits.ts';
import { personValue } from './person-value.ts';
import type { CatalogueRow } from './row.ts';

/** Attributes of people. Salesforce names two properties where a lead calls it differently from a contact. */
export const personRows: CatalogueRow[] = [
  ...personIdentity,
  ...personTraits,
  ...personActivity,
  ...personValue,
];
