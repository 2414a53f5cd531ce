import { Router } from 'express';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** GET /metrics: Prometheus text; `segment_sync_<name>` for each figure, read at the moment of asking. */
export function metricsRoute(figures: () => Promise<Record<string, number>>): Router {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauges = new Map<string, Gauge>();
  const router = Router();
  router.get('/metrics', async (_request, response) => {
    for (const [name, value] of Object.entries(await figures())) {
      const gauge = gauges.get(name) ?? addGauge(registry, name);
      gauges.set(name, gauge);
      gauge.set(value);
    }
    response.type(registry.contentType).send(await registry.metrics());
  });
  return router;
}

function addGauge(registry: Registry, name: string): Gauge {
  return new Gauge({ name: `segment_sync_${name}`, help: name.replaceAll('_', ' '), registers: [registry] });
}
