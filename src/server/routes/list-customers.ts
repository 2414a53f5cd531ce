import { z } from 'zod';
import { SubjectType } from '../../model/attribute.ts';
import { listCustomers } from '../../views/customers.ts';
import { audienceOf } from '../audience.ts';
import { cutPage, unpackKey } from '../keyset.ts';
import { PageQuery, pageOf, route } from '../route.ts';

/** How one customer stands in a list; segments and the search use it alike. */
const CustomerItem = z.object({
  id: z.string(),
  name: z.string().nullable(),
  address: z.string().nullable(),
  company: z.string().nullable(),
  owner: z.string().nullable(),
  /** In the company's currency; null where it is not known, or not for whoever asks. */
  revenue: z.number().nullable(),
  labels: z.array(z.object({ segmentation: z.string(), segment: z.string(), name: z.string() })),
});

const Place = z.strictObject({
  place: z.string().regex(/^-?\d{1,30}(\.\d{1,30})?$/),
  id: z.string().regex(/^\d{1,18}$/),
});

export default route({
  method: 'GET',
  path: '/api/customers',
  summary: 'Search customers, or list the members of a segment',
  tag: 'Customers',
  may: 'read',
  query: PageQuery.extend({
    subject: SubjectType.default('person'),
    search: z
      .string()
      .max(200)
      .optional()
      .describe('Part of a name, or the beginning of an e-mail or domain'),
    label: z
      .string()
      .regex(/^[a-z0-9_]+\.[a-z0-9_]+$/, 'segmentation.segment')
      .optional()
      .describe('Only those who hold this label'),
    order: z.enum(['value', 'newest']).default('value'),
  }),
  answer: pageOf(CustomerItem),
  handle: async ({ query, tenant, actor, parts }) => {
    const { limit, label, after, ...rest } = query;
    const [segmentation = '', segment = ''] = label?.split('.') ?? [];
    const isRep = audienceOf(actor) === 'rep';
    const rows = await listCustomers(parts.store.pool, tenant, {
      ...rest,
      limit: limit + 1,
      label: label ? { segmentation, segment } : undefined,
      after: unpackKey(Place, after),
    });
    return cutPage(
      rows,
      limit,
      ({ place, id }) => ({ place, id }),
      ({ place: _, revenue, ...row }) => ({
        ...row,
        revenue: isRep || revenue === null ? null : Number(revenue),
      }),
    );
  },
});
