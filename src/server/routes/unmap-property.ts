import { unmapProperty } from '../../pipeline/connection/change-mapping.ts';
import { getConnection } from '../../store/connections.ts';
import { route } from '../route.ts';
import { MappingParams } from './map-property.ts';

export default route({
  method: 'DELETE',
  path: '/api/connections/:id/mappings/:object/:attribute',
  summary: 'Feed an attribute no more, and delete what was read of it there',
  tag: 'Mapping',
  may: 'edit',
  action: 'mapping.remove',
  params: MappingParams,
  handle: async ({ params, tenant, parts, audit }) => {
    const { pool } = parts.store;
    const { object, attribute } = params;
    const connection = await getConnection(pool, tenant, params.id);
    const before = await unmapProperty(pool, tenant, { connectionId: connection.id, object, attribute });
    audit({ subject: `${connection.name}: ${object}.${attribute}`, before });
  },
});
