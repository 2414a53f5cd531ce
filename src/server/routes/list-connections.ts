import { z } from 'zod';
import { connectors } from '../../../connectors/registry.ts';
import { readConnectionFacts } from '../../store/connection-facts.ts';
import { ConnectionState, listConnections } from '../../store/connections.ts';
import { listOAuthSystems } from '../oauth-systems.ts';
import { Instant, route } from '../route.ts';

const Reason = z.object({ code: z.string(), message: z.string(), action: z.string(), since: z.string() });

const ConnectionAnswer = z.object({
  id: z.string(),
  system: z.string(),
  systemName: z.string(),
  name: z.string(),
  mode: z.enum(['production', 'test']),
  /** `disconnected`: it is on its way out; `reason` says how far. */
  state: ConnectionState,
  reason: Reason.nullable(),
  accountId: z.string(),
  /** Lower comes first where connections disagree. */
  rank: z.number(),
  /** May Segment Sync make fields and lists itself? Null: nobody has said. */
  mayCreate: z.boolean().nullable(),
  createdAt: Instant,
  lastPullAt: Instant.nullable(),
  lastWriteAt: Instant.nullable(),
  mapped: z.number(),
  problems: z.number(),
  live: z.number(),
  held: z.number(),
  paused: z.number(),
});

const NO_FACTS = {
  lastPullAt: null,
  lastWriteAt: null,
  mapped: 0,
  problems: 0,
  live: 0,
  held: 0,
  paused: 0,
};

export default route({
  method: 'GET',
  path: '/api/connections',
  summary: 'The connected CRM accounts and their health, best rank first, and what else can be connected',
  tag: 'Connections',
  may: 'read',
  answer: z.object({
    items: z.array(ConnectionAnswer),
    systems: z.array(
      z.object({
        key: z.string(),
        name: z.string(),
        /** False: the app is not registered there, and nobody can connect it. */
        isReady: z.boolean(),
      }),
    ),
  }),
  handle: async ({ tenant, parts }) => {
    const { pool } = parts.store;
    const facts = await readConnectionFacts(pool, tenant);
    const items = (await listConnections(pool, tenant)).map(({ config, ...row }) => ({
      ...row,
      ...(facts.get(row.id) ?? NO_FACTS),
      systemName: connectors[row.system]?.name ?? row.system,
      mayCreate: typeof config.mayCreate === 'boolean' ? config.mayCreate : null,
    }));
    return { items, systems: listOAuthSystems(parts.config) };
  },
});
