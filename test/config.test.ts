import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { Environment, readConfig } from '../src/config.ts';
import { ConfigError } from '../src/errors.ts';

const key = randomBytes(32);

describe('the environment', () => {
  it('may be empty: everything has a default or is left out', () => {
    expect(readConfig({})).toMatchObject({
      databaseUrl: undefined,
      dataDir: './data',
      port: 3000,
      hubspot: { app: null, apiUrl: 'https://api.hubapi.com' },
    });
    expect(readConfig({ PORT: '', DATABASE_URL: ' ' })).toEqual(readConfig({}));
  });

  it('takes keys in base64 and hexadecimal, and old ones by comma', () => {
    const config = readConfig({
      ENCRYPTION_KEY: key.toString('hex'),
      ENCRYPTION_KEYS_OLD: `${key.toString('base64')}, ${key.toString('hex')}`,
    });
    expect(config.encryptionKey).toEqual(key);
    expect(config.oldEncryptionKeys).toEqual([key, key]);
  });

  it.each([
    ['DATABASE_URL', 'mysql://localhost/x', 'postgres://user:password@host:5432/name'],
    ['DATABASE_URL', 'localhost', 'postgres://user:password@host:5432/name'],
    ['REDIS_URL', 'http://localhost', 'redis://host:6379'],
    ['ENCRYPTION_KEY', 'c2hvcnQ=', '32 bytes in base64 or hexadecimal, and this has 5'],
    ['ENCRYPTION_KEYS_OLD', 'c2hvcnQ=', '32 bytes in base64 or hexadecimal, and this has 5'],
    ['PORT', '99999', 'a whole number from 0 to 65535'],
    ['PORT', 'http', 'a whole number from 0 to 65535'],
    ['LOG_LEVEL', 'loud', 'one of trace, debug, info'],
    ['PUBLIC_URL', 'segments.example.com', 'https://segments.example.com'],
    ['WORKER_CONCURRENCY', '0', 'a whole number from 1 to 64'],
  ])('%s=%s is refused, saying what it should be and not what it was', (name, value, expected) => {
    const read = () => readConfig({ [name]: value });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(`${name} must be`);
    expect(read).toThrow(expected);
    if (name.startsWith('ENCRYPTION')) expect(read).not.toThrow(value);
  });

  it('half an OAuth app is refused', () => {
    expect(() => readConfig({ HUBSPOT_CLIENT_ID: 'a' })).toThrow('HUBSPOT_CLIENT_SECRET is missing');
    expect(() => readConfig({ SALESFORCE_CLIENT_SECRET: 'a' })).toThrow('SALESFORCE_CLIENT_ID is missing');
  });
});

describe('app.json', () => {
  const Manifest = z.object({
    env: z.record(z.string(), z.object({ description: z.string(), required: z.boolean() })),
    formation: z.record(z.string(), z.unknown()),
  });
  const manifest = Manifest.parse(JSON.parse(readFileSync('app.json', 'utf8')));
  /** The platform sets it itself. */
  const GIVEN = ['PORT'];
  /** The Postgres driver reads it, not we. */
  const OF_DRIVER = ['PGSSLMODE'];

  it('lists every variable that the program reads, with the same words, and no other', () => {
    const described = Object.entries(Environment.shape).map(([name, schema]) => [name, schema.description]);
    const listed = Object.entries(manifest.env)
      .filter(([name]) => !OF_DRIVER.includes(name))
      .map(([name, { description }]) => [name, description]);
    expect(Object.fromEntries(listed)).toEqual(
      Object.fromEntries(described.filter(([name]) => !GIVEN.includes(name ?? ''))),
    );
  });

  it('has the two processes', () => {
    expect(Object.keys(manifest.formation).sort()).toEqual(['web', 'worker']);
    const processes = parse(readFileSync('Procfile', 'utf8'));
    expect(processes).toEqual({
      release: 'node src/cli.ts migrate',
      web: 'node src/main.ts web',
      worker: 'node src/main.ts worker',
    });
  });
});
