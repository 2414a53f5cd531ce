import { type Installation, install } from './installation.ts';
import type { BenchStores, StoreKind } from './stores.ts';
import { type BenchServer, startBenchServer } from './web-server.ts';

export type Served = { kind: StoreKind; crm: Installation; server: BenchServer };

/** On each kind of store in turn: a portal or an org after its first run, with the web process over it. */
export async function* served(
  stores: BenchStores,
  account: Omit<Parameters<typeof install>[0], 'config'>,
): AsyncGenerator<Served> {
  for (const kind of stores.kinds) {
    const store = await stores.make(kind);
    try {
      const crm = await install({ config: store.config, ...account });
      try {
        await crm.run();
        const server = await startBenchServer(crm);
        try {
          yield { kind, crm, server };
        } finally {
          await server.close();
        }
      } finally {
        await crm.close();
      }
    } finally {
      await store.remove();
    }
  }
}
