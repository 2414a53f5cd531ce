import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServerApp } from '../src/server/app.ts';
import type { Pool } from '../src/store/pool.ts';
import type { Installation } from './installation.ts';

export type BenchServer = {
  url: string;
  /** Milliseconds that statements took since the last call, waiting for their turn included, and how many they were. */
  database(): { ms: number; statements: number };
  close(): Promise<void>;
};

/** The web process over an installation, on a port of its own, with a clock on its statements. */
export async function startBenchServer({ app }: Installation): Promise<BenchServer> {
  let ms = 0;
  let statements = 0;
  const inner = app.store.pool;
  const clocked = async <T>(asked: Promise<T>): Promise<T> => {
    const began = performance.now();
    try {
      return await asked;
    } finally {
      ms += performance.now() - began;
      statements += 1;
    }
  };
  const timed: Pool = {
    kind: inner.kind,
    connect: () => inner.connect(),
    end: () => inner.end(),
    query: (text, values) => clocked(inner.query(text, values)),
    prepared: (text, values) => clocked(inner.prepared(text, values)),
  };
  const parts = {
    ...app,
    store: { ...app.store, pool: timed },
    publicUrl: 'http://localhost',
    probes: {},
    metrics: async () => ({}),
    isUnlimited: true,
  };
  const server: Server = createServerApp(parts).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  parts.publicUrl = url;
  return {
    url,
    database: () => {
      const spent = { ms, statements };
      ms = 0;
      statements = 0;
      return spent;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
