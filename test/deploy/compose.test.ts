import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { Environment } from '../../src/config.ts';

const Service = z.strictObject({
  build: z.literal('.').optional(),
  image: z.string(),
  init: z.boolean().optional(),
  restart: z.string(),
  stop_grace_period: z.string().optional(),
  env_file: z.strictObject({ path: z.string(), required: z.boolean() }).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  ports: z.array(z.string()).optional(),
  scale: z.number().int().optional(),
  volumes: z.array(z.string()).optional(),
  healthcheck: z
    .union([
      z.strictObject({ disable: z.literal(true) }),
      z.strictObject({
        test: z.array(z.string()),
        interval: z.string(),
        timeout: z.string(),
        retries: z.number(),
      }),
    ])
    .optional(),
  depends_on: z
    .record(
      z.string(),
      z.strictObject({ condition: z.enum(['service_healthy', 'service_completed_successfully']) }),
    )
    .default({}),
});
const Compose = z.strictObject({
  name: z.string(),
  'x-app': z.unknown(),
  services: z.record(z.string(), Service),
  volumes: z.record(z.string(), z.null()),
});

const { services, volumes } = Compose.parse(parse(readFileSync('compose.yaml', 'utf8'), { merge: true }));
const own = Object.entries(services).filter(([, { build }]) => build !== undefined);

describe('compose.yaml', () => {
  it('starts Postgres, Redis, one web process and two workers, after the migrations', () => {
    expect(Object.keys(services).sort()).toEqual(['migrate', 'postgres', 'redis', 'web', 'worker']);
    expect(services.web?.command).toEqual(['web']);
    expect(services.worker).toMatchObject({ command: ['worker'], scale: 2 });
    for (const name of ['web', 'worker'])
      expect(services[name]?.depends_on).toEqual({
        migrate: { condition: 'service_completed_successfully' },
      });
  });

  it('gives the program only what it reads, and all that it needs', () => {
    for (const [, { environment }] of own) {
      expect(Object.keys(environment).filter((name) => !(name in Environment.shape))).toEqual([]);
      expect(Object.keys(environment)).toEqual(
        expect.arrayContaining(['DATABASE_URL', 'REDIS_URL', 'ENCRYPTION_KEY', 'PUBLIC_URL']),
      );
    }
  });

  it('has no secret in it, and no default for the key', () => {
    expect(services.web?.environment.ENCRYPTION_KEY).toMatch(/^\$\{ENCRYPTION_KEY:\?/);
  });

  it('waits only for what is there, and keeps what Postgres and Redis write', () => {
    for (const { depends_on } of Object.values(services))
      for (const [name, { condition }] of Object.entries(depends_on)) {
        expect(services[name]).toBeDefined();
        if (condition === 'service_healthy') expect(services[name]?.healthcheck).toHaveProperty('test');
      }
    const mounted = Object.values(services).flatMap(({ volumes: own = [] }) =>
      own.map((v) => v.split(':')[0]),
    );
    expect(mounted.sort()).toEqual(Object.keys(volumes).sort());
  });

  it('asks for health only of what serves an address', () => {
    expect(services.worker?.healthcheck).toEqual({ disable: true });
    expect(services.web?.healthcheck).toBeUndefined();
  });
});
