import { z } from 'zod';
import type { Connector, Json, Page, Property, PullRequest } from '../../connectors/contract.ts';
import { Link, type ObjectType, type Scalar, type SourceRecord } from '../../src/model/record.ts';

const START = Date.UTC(2026, 0, 1);

/** Cursor of this CRM: pages go by id, changes by time, tombstones by their place in the list. */
const Cursor = z.object({ after: z.string().optional(), since: z.number().optional() });

type Rest = { kind?: string; links?: z.input<typeof Link>[]; at?: number; createdAt?: number };

/**
 * A CRM that lives in arrays and keeps the connector contract: pages, changes with a cursor, tombstones, merges,
 * ids. Times are ticks of one second from the start of 2026.
 */
export class ArrayCrm {
  readonly live = new Map<string, SourceRecord>();
  readonly gone: SourceRecord[] = [];
  /** Calls of pull, by mode. */
  readonly calls: string[] = [];
  pageSize = 3;
  tick = 0;
  rates: { currency: string; rate: string; from: string | null }[] = [];
  home: string | null = null;
  properties: Property[] | null = null;
  /** Called before each page is given; a test throws here. */
  beforePage: (request: PullRequest) => void = () => {};

  put(object: ObjectType, id: string, properties: Record<string, Scalar>, rest: Rest = {}): this {
    this.tick += 1;
    const before = this.live.get(`${object}/${id}`);
    this.live.set(`${object}/${id}`, {
      object,
      id,
      kind: rest.kind ?? before?.kind ?? object,
      properties: { ...before?.properties, ...properties },
      createdAt: rest.createdAt === undefined ? (before?.createdAt ?? time(this.tick)) : time(rest.createdAt),
      updatedAt: time(rest.at ?? this.tick),
      state: 'live',
      mergedInto: null,
      links: rest.links ? rest.links.map((link) => Link.parse(link)) : (before?.links ?? []),
    });
    return this;
  }

  remove(object: ObjectType, id: string): this {
    return this.bury(object, id, { state: 'deleted', mergedInto: null });
  }

  merge(object: ObjectType, loser: string, winner: string): this {
    return this.bury(object, loser, { state: 'merged', mergedInto: winner });
  }

  private bury(object: ObjectType, id: string, end: Pick<SourceRecord, 'state' | 'mergedInto'>): this {
    this.tick += 1;
    const record = this.live.get(`${object}/${id}`);
    if (!record) throw new Error(`no ${object} ${id}`);
    this.live.delete(`${object}/${id}`);
    this.gone.push({ ...record, ...end, properties: {}, links: undefined, updatedAt: time(this.tick) });
    return this;
  }

  connector(system: string): Connector {
    return {
      key: system,
      name: system,
      config: z.unknown(),
      auth: 'none',
      budgets: {},
      batch: { properties: 100, membership: 100 },
      objects: ['company', 'contact', 'deal'],
      targets: [],
      defaultTargets: [],
      check: async () => [],
      identify: async () => ({ id: system, name: system }),
      prepare: async () => [],
      push: async () => ({ state: 'done', outcomes: [] }),
      discover:
        this.properties === null
          ? undefined
          : async (_context, object) =>
              (this.properties ?? []).filter((property) => property.object === object),
      currencies: async () => ({ home: this.home, rates: this.rates }),
      pull: (_context, request) => this.pull(request),
    };
  }

  private async *pull(request: PullRequest): AsyncGenerator<Page, void, void> {
    this.calls.push(`${request.object} ${request.mode}`);
    for (const page of this.pagesOf(request)) {
      this.beforePage(request);
      yield page;
    }
  }

  private pagesOf(request: PullRequest): Page[] {
    const cursor = Cursor.parse(request.cursor ?? {});
    const all = [...this.live.values()].filter((record) => record.object === request.object);
    const byId = all.sort((x, y) => (x.id < y.id ? -1 : 1));
    if (request.mode === 'ids') return [this.byIds(request)];
    if (request.mode === 'changes') {
      const since = cursor.since ?? 0;
      const changed = byId.filter((record) => Date.parse(record.updatedAt) >= since);
      return this.cut(changed, () => ({ since }), { since: Date.parse(time(this.tick)) });
    }
    if (request.mode === 'deleted') {
      const since = cursor.since ?? 0;
      const gone = this.gone.filter((r) => r.object === request.object && Date.parse(r.updatedAt) > since);
      return this.cut(gone, (last) => ({ since: Date.parse(last.updatedAt) }), {
        since: Date.parse(time(this.tick)),
      });
    }
    const rest = byId.filter((record) => cursor.after === undefined || record.id > cursor.after);
    const given = request.mode === 'links' ? rest.map((record) => ({ ...record, properties: {} })) : rest;
    const since = cursor.since ?? Date.parse(time(this.tick));
    return this.cut(given, (last) => ({ after: last.id, since }), { since }, byId.length);
  }

  private cut(
    records: SourceRecord[],
    next: (last: SourceRecord) => Json,
    end: Json,
    total?: number,
  ): Page[] {
    const pages: Page[] = [];
    for (let at = 0; at < records.length; at += this.pageSize) {
      const page = records.slice(at, at + this.pageSize);
      const last = page.at(-1);
      if (last) pages.push({ records: page, cursor: next(last), done: false, total });
    }
    pages.push({ records: [], cursor: end, done: true, total });
    return pages;
  }

  private has(object: ObjectType, name: string): boolean {
    return (
      this.properties === null || this.properties.some((one) => one.object === object && one.name === name)
    );
  }

  private byIds(request: PullRequest): Page {
    const records = (request.ids ?? []).map(({ id, kind }): SourceRecord => {
      const found = this.live.get(`${request.object}/${id}`);
      // As CRMs do: what is empty is told as null, what is not there, or hidden, is not told.
      const asked = request.properties.filter((name) => this.has(request.object, name));
      const empty = Object.fromEntries(asked.map((name) => [name, null]));
      const live = found && { ...found, properties: { ...empty, ...found.properties } };
      const gone = this.gone.find((record) => record.object === request.object && record.id === id);
      return (
        live ??
        gone ?? {
          object: request.object,
          id,
          kind,
          properties: {},
          createdAt: null,
          updatedAt: time(this.tick),
          state: 'deleted',
          mergedInto: null,
        }
      );
    });
    return { records, cursor: null, done: true };
  }
}

function time(tick: number): string {
  return new Date(START + tick * 1000).toISOString();
}
