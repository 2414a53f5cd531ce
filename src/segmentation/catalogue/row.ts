import type { Attribute } from '../../model/attribute.ts';

/** The usual property of each system; several where objects or accounts name it differently, best first. */
export type Sources = { hubspot?: string | string[]; salesforce?: string | string[]; csv?: string };

/** One line of the catalogue. */
export type CatalogueRow = Pick<Attribute, 'key' | 'name' | 'type' | 'kind'> &
  Partial<Pick<Attribute, 'description' | 'empty' | 'sensitivity' | 'repVisible'>> & {
    /** `custom`: a property that admins make under this name; `computed`: profile works it out from deals. */
    from: Sources | 'custom' | 'computed';
  };
