import { z } from 'zod';
import { connectorOf } from '../../../connectors/registry.ts';
import { PermissionError } from '../../errors.ts';
import { getConnection } from '../../store/connections.ts';
import { beginAtCrm } from '../oauth-begin.ts';
import { configFor, oauthSystem } from '../oauth-systems.ts';
import { returnPath } from '../return-paths.ts';
import { route } from '../route.ts';

export default route({
  method: 'POST',
  path: '/api/connections/:system/authorize',
  summary: 'Begin to connect a CRM account, or to connect one again; the browser goes on at the address',
  tag: 'Connections',
  may: 'administer',
  action: 'connection.authorize',
  params: z.strictObject({ system: z.string().max(40) }),
  body: z.strictObject({
    mode: z.enum(['production', 'test']).default('production'),
    host: z
      .string()
      .max(200)
      .optional()
      .describe('Salesforce: production, sandbox, or the My Domain host of the org'),
    returnTo: z.string().max(200).optional().describe('A page of the workspace, such as /connections'),
    connectionId: z
      .string()
      .max(200)
      .optional()
      .describe('To connect this one again: no other account counts'),
  }),
  answer: z.object({ url: z.string() }),
  handle: async ({ params, body, tenant, actor, parts, audit, request, response }) => {
    if (actor.kind !== 'person') {
      throw new PermissionError('people_only', 'A program can’t authorise in a browser. Nothing was begun.', {
        action: 'Sign in and connect the account under Connections.',
      });
    }
    const system = oauthSystem(params.system);
    const known =
      body.connectionId === undefined
        ? undefined
        : await getConnection(parts.store.pool, tenant, body.connectionId);
    const url = await beginAtCrm(parts, { request, response }, connectorOf(system), {
      purpose: 'connect',
      tenantId: tenant.id,
      // What was said of it before stays: the login host, whether we may make fields.
      config: {
        ...known?.config,
        ...(known && !body.host ? {} : configFor(parts.config, system, body.host)),
      },
      mode: known?.mode ?? body.mode,
      returnTo: returnPath(body.returnTo ?? '/connections'),
      accountId: actor.id,
      connectionId: known?.id ?? null,
    });
    audit({ subject: system, after: { mode: known?.mode ?? body.mode, connection: known?.id ?? null } });
    return { url };
  },
});
