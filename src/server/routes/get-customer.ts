import { z } from 'zod';
import { AttributeKind, AttributeType, SubjectType } from '../../model/attribute.ts';
import { readCustomer } from '../../views/customer.ts';
import { audienceOf } from '../audience.ts';
import { Instant, route } from '../route.ts';

const Named = z.object({ id: z.string(), name: z.string().nullable() });

export default route({
  method: 'GET',
  path: '/api/customers/:subject/:id',
  summary: 'One customer: what each CRM holds, labels with their reasons and history, deals',
  tag: 'Customers',
  may: 'read',
  params: z.strictObject({ subject: SubjectType, id: z.string().regex(/^\d{1,18}$/, 'a number') }),
  answer: z.object({
    subject: SubjectType,
    id: z.string(),
    name: z.string().nullable(),
    address: z.string().nullable(),
    company: Named.nullable(),
    people: z.array(Named),
    attributes: z.array(
      z.object({
        key: z.string(),
        name: z.string(),
        kind: AttributeKind,
        type: AttributeType,
        sensitivity: z.enum(['normal', 'proxy', 'sensitive']),
        value: z.string().nullable(),
        valueName: z.string().nullable().describe('The same as the CRM calls it'),
        isHidden: z.boolean(),
      }),
    ),
    records: z.array(
      z.object({
        connectionId: z.string(),
        connection: z.string(),
        system: z.string(),
        id: z.string(),
        kind: z.string(),
        state: z.string(),
        link: z.string().nullable(),
        updatedAt: Instant,
        /** Somebody said that it is nobody else's. */
        keptApart: z.object({ by: z.string(), at: Instant }).nullable(),
        values: z.record(z.string(), z.string().nullable()),
        valueNames: z
          .record(z.string(), z.string())
          .describe('What the CRM calls those of them that it calls otherwise'),
        shown: z.array(
          z.object({
            target: z.string(),
            segmentation: z.string(),
            value: z.string(),
            state: z.enum(['shown', 'pinned', 'refused', 'unconfirmed']),
          }),
        ),
      }),
    ),
    explanations: z.array(
      z.object({
        segmentation: z.string(),
        name: z.string(),
        labels: z.array(z.string()),
        scores: z.record(z.string(), z.number().nullable()),
        segments: z.array(
          z.object({
            segment: z.string(),
            name: z.string(),
            isLabel: z.boolean(),
            since: Instant.nullable(),
            sentences: z.array(z.string()),
            wouldChange: z.array(z.string()),
          }),
        ),
      }),
    ),
    history: z.array(
      z.object({
        at: Instant,
        segmentation: z.string(),
        entered: z.array(z.string()),
        left: z.array(z.string()),
        cause: z.string(),
      }),
    ),
    deals: z.array(
      z.object({
        id: z.string(),
        name: z.string().nullable(),
        stage: z.string().nullable(),
        stageName: z.string().nullable().describe('As the CRM calls it'),
        revenue: z.string().nullable(),
        closedAt: z.string().nullable(),
        won: z.boolean().nullable(),
        counts: z.boolean(),
        isCredited: z.boolean(),
      }),
    ),
    /** `key`, `cross_reference` or `merged_in_crm`. */
    merges: z.array(z.object({ at: Instant, by: z.array(z.string()) })),
  }),
  handle: ({ params, tenant, actor, parts }) =>
    readCustomer(parts.store.pool, tenant, { ...params, asOf: new Date(), audience: audienceOf(actor) }),
});
