import type { ObjectType } from '../../src/model/record.ts';

/** HubSpot's own numbers of the standard objects: https://developers.hubspot.com/docs/guides/crm/understanding-the-crm */
const OBJECT_TYPE_IDS: Record<ObjectType, string> = { contact: '0-1', company: '0-2', deal: '0-3' };

/** The record's page. Accounts in the EU are sent on from here to their own host. */
export function recordUrl(account: { id: string }, record: { object: ObjectType; id: string }): string {
  const [portal, id] = [account.id, record.id].map(encodeURIComponent);
  return `https://app.hubspot.com/contacts/${portal}/record/${OBJECT_TYPE_IDS[record.object]}/${id}`;
}
