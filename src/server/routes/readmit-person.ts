import { z } from 'zod';
import { readmit } from '../../privacy/reapply.ts';
import { parseWho } from '../../privacy/who.ts';
import { suppressionKey } from '../../store/suppressions.ts';
import { route } from '../route.ts';
import { WhoText } from './export-who.ts';

export default route({
  method: 'POST',
  path: '/api/privacy/readmit',
  summary: 'Let somebody who was erased be stored again, because they ask for it',
  tag: 'Privacy',
  may: 'administer',
  action: 'customer.readmit',
  body: z.strictObject({ who: WhoText }),
  /** False: they were not suppressed. */
  answer: z.object({ readmitted: z.boolean() }),
  handle: async ({ body, tenant, actor, parts, audit }) => {
    const { pool, keys } = parts.store;
    const readmitted = await readmit(
      pool,
      await suppressionKey(pool, keys),
      tenant,
      parseWho(body.who),
      actor.name,
    );
    audit({ subject: 'person', after: { readmitted } });
    return { readmitted };
  },
});
