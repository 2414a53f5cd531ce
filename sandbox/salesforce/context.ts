import { z } from 'zod';
import type { ApiRequest, Endpoint, Reply } from '../http.ts';
import type { Journal } from '../journal.ts';
import { badRequest } from './errors.ts';
import type { Org } from './org.ts';
import type { Writer } from './write.ts';

/** What every group of endpoints works with. */
export type Context = {
  org: Org;
  writer: Writer;
  journal: Journal;
  /** The org's own dice for short pages and unordered results, from 0 to 1. */
  dice(): number;
};

export const MAX_COLLECTION = 200;

/** Objects whose assignment rules run unless the call says no. */
const ASSIGNED = new Set(['Contact', 'Lead', 'Account', 'Case', 'CampaignMember']);

/** `assignable`: a write that must carry `Sforce-Auto-Assign: FALSE` when it touches one of those objects. */
export type SalesforceEndpoint = Endpoint & { open?: boolean; media?: string };

export const JsonObject = z.record(z.string(), z.unknown());

export function jsonBody<T extends z.ZodType>(request: ApiRequest, schema: T): z.infer<T> {
  let json: unknown;
  try {
    json = JSON.parse(request.body.toString('utf8'));
  } catch {
    throw badRequest('JSON_PARSER_ERROR', 'The HTTP entity body is required and must be JSON');
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw badRequest('JSON_PARSER_ERROR', z.prettifyError(parsed.error));
  return parsed.data;
}

export const broken = (context: Context, request: ApiRequest, rule: string, detail: string) =>
  context.journal.broken(rule, detail, `${request.method} ${request.path}`, request.now);

/** Counts a write of such an object without the header, whatever becomes of it. */
export function checkAssignHeader(context: Context, request: ApiRequest, objects: Iterable<string>): void {
  if (String(request.headers['sforce-auto-assign']).toUpperCase() === 'FALSE') return;
  for (const object of objects) {
    if (!ASSIGNED.has(object)) continue;
    broken(
      context,
      request,
      'assignment_header_missing',
      `a write of ${object} without Sforce-Auto-Assign: FALSE`,
    );
    return;
  }
}

export const apiBase = (request: ApiRequest) => `/services/data/${request.params.version ?? ''}`;
export const ok = (json: unknown): Reply => ({ status: 200, json });
export const noContent: Reply = { status: 204 };
