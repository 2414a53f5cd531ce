import { z } from 'zod';
import { PermissionError } from '../../errors.ts';
import { listConnections } from '../../store/connections.ts';
import { readCard } from '../../views/card.ts';
import { CardAnswer, cardAnswer } from '../card-answer.ts';
import { route } from '../route.ts';

export default route({
  method: 'GET',
  path: '/api/card/salesforce',
  summary: 'What the component on a Salesforce record page shows',
  tag: 'Cards',
  may: 'card',
  query: z.strictObject({
    object: z
      .enum(['Contact', 'Lead', 'Account'])
      .transform((name) => (name === 'Account' ? ('company' as const) : ('contact' as const))),
    id: z.string().regex(/^[a-zA-Z0-9]{18}$/, 'an id of 18 characters'),
  }),
  answer: CardAnswer,
  handle: async ({ query, tenant, parts, request }) => {
    const { pool } = parts.store;
    const org = request.get('x-salesforce-org-id') ?? '';
    const connection = (await listConnections(pool, tenant)).find(
      // Salesforce writes ids with 15 characters or with 18, of which the first 15 tell.
      ({ system, state, accountId }) =>
        system === 'salesforce' &&
        state !== 'disconnected' &&
        /^[a-zA-Z0-9]{15,18}$/.test(org) &&
        accountId.slice(0, 15) === org.slice(0, 15),
    );
    if (!connection) {
      throw new PermissionError('org_unknown', 'This token is not for the Salesforce org that asks.', {
        action: 'Use a token made in the workspace that this org is connected to.',
      });
    }
    const record = { connectionId: connection.id, object: query.object, recordId: query.id };
    return cardAnswer(parts.publicUrl, 'salesforce', record, await readCard(pool, tenant, record));
  },
});
