import type { Link, SourceRecord } from '../../src/model/record.ts';
import type { Context } from '../contract.ts';
import type { SalesforceConfig } from './config.ts';
import { isTrue } from './records.ts';
import { schemaOf } from './schema.ts';
import { allRows, chunks, count, IDS_IN_QUERY, inList, type Row } from './soql.ts';

const ROLE = 'OpportunityContactRole';

/** Many orgs never fill the contact roles of their deals, and some hide them. */
export async function hasContactRoles(context: Context<SalesforceConfig>): Promise<boolean> {
  if ((await schemaOf(context, ROLE)) === null) return false;
  return (await count(context, ROLE)).count > 0;
}

/** Adds the contacts of each deal to its links. Roles of contacts that are deleted, or hidden from us, are left out. */
export async function withContactRoles(
  context: Context<SalesforceConfig>,
  records: SourceRecord[],
): Promise<SourceRecord[]> {
  if ((await schemaOf(context, ROLE)) === null) return records;
  const live = records.filter(({ state }) => state === 'live');
  const links = new Map<string, Link[]>(live.map(({ id }) => [id, []]));
  for (const ids of chunks([...links.keys()], IDS_IN_QUERY)) {
    const of = {
      select: 'Id, OpportunityId, ContactId, Role, IsPrimary',
      from: ROLE,
      where: [`OpportunityId IN ${inList(ids)}`, 'Contact.IsDeleted = false'],
    };
    for await (const rows of allRows(context, of)) {
      for (const row of rows) links.get(String(row('OpportunityId')))?.push(toLink(row));
    }
  }
  return records.map((record) => {
    const roles = links.get(record.id);
    if (roles === undefined || record.links === undefined) return record;
    // Whoever is named by a role need not be linked by the account as well.
    const others = record.links.filter(
      (link) => !roles.some(({ to, id }) => to === link.to && id === link.id),
    );
    return { ...record, links: [...others, ...roles] };
  });
}

function toLink(row: Row): Link {
  const role = row('Role');
  return {
    to: 'contact',
    id: String(row('ContactId')),
    primary: isTrue(row('IsPrimary')),
    role: typeof role === 'string' ? role : null,
  };
}
