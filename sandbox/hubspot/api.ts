import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { z } from 'zod';
import { type ApiRequest, type Endpoint, Refusal, type Reply } from '../http.ts';
import type { Journal } from '../journal.ts';
import { errorReply, invalid, type RowError, refuse, rowError } from './errors.ts';
import type { Installs } from './installs.ts';
import { OBJECTS, type ObjectType, objectType } from './object-types.ts';
import type { Portal } from './portal.ts';

/** `scope`: what the token must carry. `budget`: which limit the call draws on. */
export type HubspotEndpoint = Endpoint & {
  scope?: string | ((request: ApiRequest) => string | undefined);
  budget: 'general' | 'search' | 'none';
  /** Needs no access token. */
  isOpen?: boolean;
};

/** What every endpoint of the portal works with. */
export class Api {
  readonly portal: Portal;
  readonly installs: Installs;
  readonly journal: Journal;
  readonly app: { id: number; clientId: string; clientSecret: string };
  readonly mergeKeepsId: boolean;
  #random = xoroshiro128plus(7);

  constructor(parts: Pick<Api, 'portal' | 'installs' | 'journal' | 'app' | 'mergeKeepsId'>) {
    this.portal = parts.portal;
    this.installs = parts.installs;
    this.journal = parts.journal;
    this.app = parts.app;
    this.mergeKeepsId = parts.mergeKeepsId;
  }

  broken(request: ApiRequest, rule: string, detail: string): void {
    this.journal.broken(rule, detail, `${request.method} ${request.path}`, request.now);
  }

  /** Refuses a call that no careful client makes, and says so in the journal. */
  breach(
    request: ApiRequest,
    rule: string,
    detail: string,
    reply: Reply = errorReply(400, 'VALIDATION_ERROR', detail),
  ): never {
    this.broken(request, rule, detail);
    throw new Refusal(reply);
  }

  body<S extends z.ZodType>(request: ApiRequest, schema: S): z.infer<S> {
    const type = request.headers['content-type'] ?? '';
    if (!type.startsWith('application/json')) {
      this.breach(
        request,
        'not_json',
        `content-type is "${type}"`,
        errorReply(415, 'VALIDATION_ERROR', 'Unsupported media type'),
      );
    }
    let json: unknown;
    try {
      json = JSON.parse(request.body.toString('utf8'));
    } catch {
      return this.breach(request, 'not_json', 'Invalid input JSON');
    }
    const parsed = schema.safeParse(json);
    if (parsed.success) return parsed.data;
    const detail = parsed.error.issues.map((each) => `${each.path.join('.')}: ${each.message}`).join('; ');
    return this.breach(request, 'wrong_shape', `Invalid input JSON: ${detail}`);
  }

  objectType(request: ApiRequest, parameter = 'object'): ObjectType {
    const name = request.params[parameter] ?? '';
    return objectType(name) ?? refuse(400, 'VALIDATION_ERROR', `Unable to infer object type from: ${name}`);
  }

  /** The `inputs` of a batch, at most `limit` of them and none twice. */
  checkBatch(request: ApiRequest, keys: string[], limit: number): void {
    if (keys.length > limit)
      this.breach(request, 'oversized_batch', `The maximum batch size is ${limit}, got ${keys.length}`);
    if (keys.length === 0) invalid('The batch has no inputs');
    const seen = new Set<string>();
    const twice = keys.find((key) => seen.size === seen.add(key).size);
    if (twice === undefined) return;
    const message = `Duplicate IDs found in batch input: [${twice}]. IDs must be unique`;
    this.breach(
      request,
      'same_id_twice',
      message,
      errorReply(400, 'VALIDATION_ERROR', message, { context: { ids: [twice] } }),
    );
  }

  /** A batch answer: rows in no particular order, 207 when some were refused. */
  batchReply(request: ApiRequest, results: unknown[], errors: RowError[], status = 200): Reply {
    const time = new Date(request.now).toISOString();
    const answer = {
      status: 'COMPLETE',
      results: this.#shuffled(results),
      startedAt: time,
      completedAt: time,
    };
    if (errors.length === 0) return { status, json: answer };
    return {
      status: 207,
      json: {
        ...answer,
        numErrors: errors.length,
        errors: errors.map((error) => rowError(error, request.refusesBarely)),
      },
    };
  }

  #shuffled<T>(rows: T[]): T[] {
    const shuffled = [...rows];
    for (let at = shuffled.length - 1; at > 0; at -= 1) {
      const other = uniformInt(this.#random, 0, at);
      const row = shuffled[at];
      const swapped = shuffled[other];
      if (row === undefined || swapped === undefined) continue;
      shuffled[at] = swapped;
      shuffled[other] = row;
    }
    return shuffled;
  }
}

/** `crm.objects.contacts.read` and the like, for the object in the path. */
export const objectScope =
  (family: 'objects' | 'schemas', right: 'read' | 'write', parameter = 'object') =>
  (request: ApiRequest): string | undefined => {
    const type = objectType(request.params[parameter] ?? '');
    return type && `crm.${family}.${OBJECTS[type].path}.${right}`;
  };

/** A page size from the query. */
export const pageLimit = (api: Api, request: ApiRequest, fallback: number, most: number): number => {
  const limit = Number(request.query.get('limit') ?? fallback);
  if (!Number.isInteger(limit) || limit < 1) invalid('limit must be a positive integer');
  if (limit > most) api.breach(request, 'page_too_large', `limit must be at most ${most}, got ${limit}`);
  return limit;
};

/** A list in the query: repeated, or separated by commas. */
export const queryList = (request: ApiRequest, name: string): string[] =>
  request.query
    .getAll(name)
    .flatMap((value) => value.split(','))
    .filter((value) => value !== '');
