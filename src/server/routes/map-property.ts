import { z } from 'zod';
import { Key } from '../../model/attribute.ts';
import { ObjectType } from '../../model/record.ts';
import { mapProperty, OwnAttribute } from '../../pipeline/connection/change-mapping.ts';
import { getConnection } from '../../store/connections.ts';
import { listMappings } from '../../store/mappings.ts';
import { route } from '../route.ts';

export const MappingParams = z.strictObject({
  id: z.string().max(200),
  object: ObjectType,
  attribute: Key,
});

export default route({
  method: 'PUT',
  path: '/api/connections/:id/mappings/:object/:attribute',
  summary: 'Feed an attribute from a property; the next run reads all records again for it',
  tag: 'Mapping',
  may: 'edit',
  action: 'mapping.change',
  params: MappingParams,
  body: z.strictObject({
    property: z.string().min(1).max(255),
    describe: OwnAttribute.optional().describe('For an attribute that is new and not a standard one'),
  }),
  handle: async ({ params, body, tenant, parts, audit }) => {
    const { pool } = parts.store;
    const { object, attribute } = params;
    const connection = await getConnection(pool, tenant, params.id);
    const before = (await listMappings(pool, tenant, { connectionId: connection.id, object })).find(
      (one) => one.attribute === attribute,
    );
    await mapProperty(pool, tenant, connection, { object, attribute, ...body });
    audit({
      subject: `${connection.name}: ${object}.${attribute}`,
      before: before && { property: before.property },
      after: body,
    });
  },
});
