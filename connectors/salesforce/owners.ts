import type { Context } from '../contract.ts';
import type { SalesforceConfig } from './config.ts';
import { allRows } from './soql.ts';

/** The org's active users. */
export async function ownersOfSalesforce(
  context: Context<SalesforceConfig>,
): Promise<{ id: string; email: string; name: string }[]> {
  const found: { id: string; email: string; name: string }[] = [];
  const of = { select: 'Id, Email, Name', from: 'User', where: ['IsActive = true'] };
  for await (const rows of allRows(context, of)) {
    for (const row of rows) {
      const email = row('Email');
      if (typeof email === 'string' && email !== '')
        found.push({ id: String(row('Id')), email, name: String(row('Name') ?? '') });
    }
  }
  return found;
}
