import { z } from 'zod';
import { SubjectType } from '../../model/attribute.ts';
import { subjectOfRecord } from '../../store/record-subject.ts';
import { route } from '../route.ts';

export default route({
  method: 'GET',
  path: '/api/records/:system/:object/:id',
  summary: 'Which customer a record of a CRM is: where the cards in the CRMs lead to',
  tag: 'Customers',
  may: 'read',
  params: z.strictObject({
    system: z.string().regex(/^[a-z]{1,20}$/, 'hubspot or salesforce'),
    object: z.enum(['contact', 'company']),
    id: z.string().regex(/^[\w-]{1,64}$/, 'a record’s id'),
  }),
  answer: z.object({ subject: SubjectType, id: z.string() }),
  handle: ({ params, tenant, parts }) => subjectOfRecord(parts.store.pool, tenant, params),
});
