import { Router } from 'express';
import { z } from 'zod';
import { connectors } from '../../connectors/registry.ts';
import { PermissionError, SignInError } from '../errors.ts';
import type { Pool } from '../store/pool.ts';
import { getTenant, type Tenant } from '../store/tenant.ts';
import { connectionsOfAccounts } from '../store/webhook-notes.ts';
import { readCard } from '../views/card.ts';
import { cardAnswer } from './card-answer.ts';
import type { ServerParts } from './parts.ts';
import { FieldsError } from './problem.ts';
import { webhookSecrets } from './webhook-secrets.ts';

/** HubSpot writes objects as 0-1 and 0-2 as well; what else it appends (user, app) is of no use here. */
const Query = z.object({
  objectType: z
    .enum(['contact', 'company', '0-1', '0-2', 'CONTACT', 'COMPANY'])
    .transform((given) => (/^(0-1|contact)$/i.test(given) ? ('contact' as const) : ('company' as const))),
  objectId: z.string().regex(/^\d{1,20}$/, 'the id of a record'),
  portalId: z.string().regex(/^\d{1,20}$/, 'the id of an account'),
});

/** How long it is believed which tenant an account belongs to. */
const ACCOUNT_MS = 5_000;

type Place = { tenant: Tenant; connectionId: string };

/** GET /api/card/hubspot: asked for by HubSpot for whoever has a record open, and signed by it with account and query. */
export function hubspotCardRoutes(parts: ServerParts): Router {
  const router = Router();
  const places = new Map<string, { until: number; place: Promise<Place> }>();
  router.get('/api/card/hubspot', async (request, response) => {
    response.setHeader('cache-control', 'no-store');
    const isGood = connectors.hubspot?.webhook?.verify(
      {
        method: 'GET',
        url: parts.publicUrl + request.originalUrl,
        header: (name) => request.get(name),
        body: Buffer.alloc(0),
      },
      webhookSecrets(parts.config, 'hubspot'),
      new Date(),
    );
    if (isGood !== true) throw unsigned();
    const query = Query.safeParse(request.query);
    if (!query.success) throw new FieldsError(query.error, 'query');
    const { objectType, objectId, portalId } = query.data;
    const { pool } = parts.store;
    const known = places.get(portalId);
    const place = known && known.until > performance.now() ? known.place : placeOf(pool, portalId);
    if (place !== known?.place) {
      if (places.size > 10_000) places.clear();
      places.set(portalId, { until: performance.now() + ACCOUNT_MS, place });
      place.catch(() => places.delete(portalId));
    }
    const { tenant, connectionId } = await place;
    const record = { connectionId, object: objectType, recordId: objectId };
    response.json(cardAnswer(parts.publicUrl, 'hubspot', record, await readCard(pool, tenant, record)));
  });
  return router;
}

/** Of several tenants that connected one account, the first. */
async function placeOf(pool: Pool, portalId: string): Promise<Place> {
  const [connection] = await connectionsOfAccounts(pool, 'hubspot', [portalId]);
  if (!connection) {
    throw new PermissionError('account_unknown', 'This HubSpot account is not connected.', {
      action: 'Connect it in the workspace, under Connections.',
    });
  }
  return { tenant: await getTenant(pool, connection.tenantId), connectionId: connection.id };
}

const unsigned = () =>
  new SignInError('signature_invalid', 'The signature is missing, too old or not right. Nothing was read.', {
    action: 'Open the card in HubSpot; check PUBLIC_URL and the client secret if it stays.',
  });
