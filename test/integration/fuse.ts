import type { ConnectionOpener } from '../../src/pipeline/run.ts';
import type { Pool, PoolClient, Queryable } from '../../src/store/pool.ts';

/**
 * Ends a process, as it were, at one of the points where it waits for something: nothing that it awaits from then on
 * ever comes back, and its open transactions are undone, as a database does when a client goes away.
 */
export class Fuse {
  /** Points passed so far: two for each statement and each call, one before and one after. */
  count = 0;
  readonly died: Promise<'died'>;
  #at: number;
  #isDead = false;
  #open = new Set<PoolClient>();
  #die: () => void = () => undefined;

  constructor(at = Number.POSITIVE_INFINITY) {
    this.#at = at;
    this.died = new Promise((resolve) => {
      this.#die = () => resolve('died');
    });
  }

  /** One point; never returns from the deadly one, nor from any later one. */
  async point(): Promise<void> {
    this.tick();
    if (this.#isDead) await new Promise<never>(() => undefined);
  }

  tick(): void {
    this.count += 1;
    if (this.#isDead || this.count < this.#at) return;
    this.#isDead = true;
    this.#die();
  }

  /** To be awaited after a death, before another process begins. */
  async bury(): Promise<void> {
    for (const client of this.#open) {
      await client.query('rollback');
      client.release();
    }
  }

  async #around<T>(work: () => Promise<T>): Promise<T> {
    await this.point();
    const result = await work();
    await this.point();
    return result;
  }

  #over(target: Queryable): Queryable['query'] {
    return (text, values) => this.#around(() => target.query(text, values));
  }

  pool(pool: Pool): Pool {
    return new Proxy(pool, {
      get: (target, name) => {
        if (name === 'query') return this.#over(target);
        if (name === 'connect') return () => this.#connect(target);
        return Reflect.get(target, name, target);
      },
    });
  }

  async #connect(pool: Pool): Promise<PoolClient> {
    await this.point();
    const client = await pool.connect();
    this.#open.add(client);
    return {
      query: this.#over(client),
      on: (event, listener) => client.on(event, listener),
      release: (destroy?: boolean | Error) => {
        // The dead give nothing back; that is done for them.
        if (this.#isDead) return;
        this.#open.delete(client);
        client.release(destroy);
      },
    };
  }

  /** Points before and after each HTTP call of every connection. */
  connections(opener: ConnectionOpener): ConnectionOpener {
    return (scope) => {
      const opened = opener(scope);
      return {
        ...opened,
        open: async (id) => {
          const connection = await opened.open(id);
          const { context } = connection;
          return {
            ...connection,
            context: {
              ...context,
              pace: async (budget, cost) => {
                await context.pace(budget, cost);
                await this.point();
              },
              count: (call) => {
                context.count(call);
                this.tick();
              },
            },
          };
        },
      };
    };
  }
}
