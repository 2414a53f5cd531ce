import { Router } from 'express';

/** Resolves where the part answers; rejects with the reason where it does not. */
export type Probe = () => Promise<void>;

const PROBE_MS = 800;

/** GET /healthz: this process lives. GET /readyz: what it stands on answers within 800 ms, else 503 and which does not. */
export function healthRoutes(probes: Record<string, Probe>): Router {
  const router = Router();
  router.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  router.get('/readyz', async (_request, response) => {
    const checked = await Promise.all(Object.entries(probes).map(check));
    const isReady = checked.every(([, state]) => state === 'ok');
    response
      .status(isReady ? 200 : 503)
      .json({ status: isReady ? 'ready' : 'not ready', parts: Object.fromEntries(checked) });
  });
  return router;
}

async function check([name, probe]: [string, Probe]): Promise<[string, string]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${PROBE_MS} ms`), PROBE_MS);
  });
  const answer = probe().then(
    () => 'ok',
    // The reason stays in the log: an error's text may name hosts.
    () => 'failed',
  );
  const state = await Promise.race([answer, late]);
  clearTimeout(timer);
  return [name, state];
}
