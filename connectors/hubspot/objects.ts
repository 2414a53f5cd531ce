import type { ObjectType } from '../../src/model/record.ts';

/** What HubSpot calls our objects, and what a record of each can't be understood without. */
export const HUBSPOT_OBJECTS: Record<
  ObjectType,
  {
    path: string;
    typeId: string;
    /** Set by every change of a property. */
    modified: string;
    /** Read besides what is asked for. */
    needed: readonly string[];
    /** The links that are written from this side. */
    links: readonly ObjectType[];
  }
> = {
  contact: {
    path: 'contacts',
    typeId: '0-1',
    modified: 'lastmodifieddate',
    needed: ['lastmodifieddate', 'hs_merged_object_ids', 'hs_calculated_merged_vids'],
    links: ['company'],
  },
  company: {
    path: 'companies',
    typeId: '0-2',
    modified: 'hs_lastmodifieddate',
    // The parent is a property: its association has no direction in a list's answer.
    needed: ['hs_lastmodifieddate', 'hs_merged_object_ids', 'hs_parent_company_id'],
    links: [],
  },
  deal: {
    path: 'deals',
    typeId: '0-3',
    modified: 'hs_lastmodifieddate',
    needed: ['hs_lastmodifieddate', 'hs_merged_object_ids'],
    links: ['contact', 'company'],
  },
};

/** HubSpot's own association types that mean "primary". */
export const PRIMARY_TYPE_IDS = new Set([1, 2, 5, 6]);
