import { type RequestHandler, Router } from 'express';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { routeOf } from './request-log.ts';

/** Seconds. What people wait for, from a card to a long list; 0.05 and 1 are what we promise. */
const BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export type Metrics = {
  /** Takes the time of each request. */
  clock: RequestHandler;
  /** GET /metrics: Prometheus text. */
  route: Router;
};

/**
 * What Prometheus asks for: the process's own figures, `segment_sync_<name>` for each of `figures`, read at the moment
 * of asking, and how long requests took, by the route's pattern, never by address.
 */
export function metrics(figures: () => Promise<Record<string, number>>): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const took = new Histogram({
    name: 'segment_sync_http_request_seconds',
    help: 'Time until the last byte of an answer, by route; streams of events are left out',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: BUCKETS,
    registers: [registry],
  });
  const gauges = new Map<string, Gauge>();
  const route = Router();
  route.get('/metrics', async (_request, response) => {
    for (const [name, value] of Object.entries(await figures())) {
      const gauge = gauges.get(name) ?? addGauge(registry, name);
      gauges.set(name, gauge);
      gauge.set(value);
    }
    response.type(registry.contentType).send(await registry.metrics());
  });
  const clock: RequestHandler = (request, response, next) => {
    const began = performance.now();
    response.once('close', () => {
      // One is open for as long as somebody looks at a screen.
      if (String(response.getHeader('content-type')).startsWith('text/event-stream')) return;
      const status = `${Math.floor(response.statusCode / 100)}xx`;
      const labels = { method: request.method, route: routeOf(request), status };
      took.observe(labels, (performance.now() - began) / 1_000);
    });
    next();
  };
  return { clock, route };
}

function addGauge(registry: Registry, name: string): Gauge {
  return new Gauge({ name: `segment_sync_${name}`, help: name.replaceAll('_', ' '), registers: [registry] });
}
