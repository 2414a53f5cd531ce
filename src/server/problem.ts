import type { ErrorRequestHandler, Response } from 'express';
import { z } from 'zod';
import {
  type AppError,
  AuthError,
  ConfigError,
  ConflictError,
  FenceError,
  InputError,
  NotFoundError,
  PermissionError,
  RateLimitError,
  RemoteError,
  SignInError,
  StoreError,
} from '../errors.ts';
import { toKnownError } from '../store/fault.ts';
import type { ServerParts } from './parts.ts';

/** RFC 9457: what happened, what is safe, what to do. `issues` where single fields are at fault. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  /** What happened and what is safe. */
  detail: z.string(),
  /** What to do. */
  action: z.string(),
  code: z.string(),
  issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof Problem>;

/** First match wins; anything else is ours: 500, and the reader learns nothing of the inside. */
const STATUSES: [new (...args: never[]) => AppError, number, string][] = [
  [SignInError, 401, 'Sign in'],
  [PermissionError, 403, 'Not permitted'],
  [NotFoundError, 404, 'Not found'],
  [ConflictError, 409, 'Conflict'],
  [FenceError, 409, 'Conflict'],
  [RateLimitError, 429, 'Too many requests'],
  [AuthError, 502, 'The CRM refuses us'],
  [RemoteError, 502, 'The CRM did not answer well'],
  [ConfigError, 503, 'Not set up'],
  [StoreError, 503, 'Not just now'],
  [InputError, 400, 'Not understood'],
];

/** What passes in the store passes in seconds, or somebody has to see to the server first. */
const STORE_RETRY_SECONDS = 5;

/** Jobs try again by themselves; whoever sent a request does it. The cause is for who runs the server: see the log. */
const SEND_AGAIN =
  'Send it again in a moment. If it stays, tell whoever runs this server: its log has the cause.';

/** A request that was not understood: which field, and what it should be. */
export class FieldsError extends InputError {
  readonly issues: { path: string; message: string }[];

  constructor(error: z.ZodError, part: string) {
    const issues = error.issues.map((issue) => ({
      path: issue.path.join('.') || part,
      message: messageOf(issue),
    }));
    const first = issues[0];
    super(
      'fields_invalid',
      `${first?.path ?? part}: ${first?.message ?? 'not understood'}. Nothing was changed.`,
      {
        action: issues.length > 1 ? 'Correct the fields that are named.' : 'Correct that field.',
      },
    );
    this.issues = issues;
  }
}

/** What is wrong; of something that may have several forms, what it lacks for each. */
function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_union') return issue.message;
  const forms = issue.errors.flatMap(([first]) =>
    first ? [[first.path.join('.'), messageOf(first)].filter(Boolean).join(': ')] : [],
  );
  return forms.length > 0 ? [...new Set(forms)].join(', or ') : issue.message;
}

/** The last handler: every error of the API becomes a problem, every unknown one is logged. */
export function problems(parts: Pick<ServerParts, 'log'>): ErrorRequestHandler {
  return (thrown: unknown, request, response, _next) => {
    if (response.headersSent) {
      // Half an answer must not look like a whole one. Express's own handler would write to the terminal.
      parts.log.error({ err: thrown, path: request.route?.path }, 'request failed midway');
      response.destroy();
      return;
    }
    const error = fromExpress(thrown) ?? toKnownError(thrown);
    const problem = toProblem(error);
    if (problem.status >= 500) parts.log.error({ err: thrown, path: request.route?.path }, 'request failed');
    sendProblem(response, problem, error);
  };
}

function sendProblem(response: Response, problem: Problem, error?: AppError): void {
  if (error instanceof RateLimitError)
    response.setHeader('retry-after', Math.ceil(error.retryAfterMs / 1_000));
  if (error instanceof StoreError) response.setHeader('retry-after', STORE_RETRY_SECONDS);
  response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}

export function toProblem(error: AppError): Problem {
  const [, known, title] = STATUSES.find(([kind]) => error instanceof kind) ?? [null, 500, 'Our fault'];
  const status = error instanceof InputError && error.code.endsWith('_unknown') ? 404 : known;
  // An unexpected error's own words may hold names of the inside.
  const detail =
    status === 500
      ? 'Something went wrong on our side. What was under way goes on or was undone.'
      : error.message;
  return {
    type: 'about:blank',
    title: status === 404 ? 'Not found' : title,
    status,
    detail,
    action: error instanceof StoreError ? SEND_AGAIN : error.action,
    code: error.code,
    ...(error instanceof FieldsError && { issues: error.issues }),
  };
}

const BODY_FAULTS: Record<string, [string, string]> = {
  'entity.too.large': ['body_too_large', 'This is more than 1 MB, the most that is taken at once.'],
  'entity.parse.failed': ['body_unreadable', 'The request is not readable as JSON.'],
  'encoding.unsupported': ['body_unreadable', 'The request is packed in a way that we do not read.'],
  'charset.unsupported': ['body_unreadable', 'The request is in an alphabet that we do not read; use UTF-8.'],
  'request.aborted': ['request_aborted', 'The request ended too early.'],
};

/** What Express and its body parser throw. */
function fromExpress(thrown: unknown): InputError | null {
  if (!(thrown instanceof Error)) return null;
  const type = 'type' in thrown && typeof thrown.type === 'string' ? thrown.type : '';
  const known = BODY_FAULTS[type];
  if (known) {
    return new InputError(known[0], `${known[1]} Nothing was changed.`, {
      action:
        known[0] === 'body_too_large' ? 'Make it shorter, or send it in parts.' : 'Send it as JSON in UTF-8.',
      cause: thrown,
    });
  }
  if (thrown instanceof URIError) {
    return new InputError('address_unreadable', 'The address is not readable.', {
      action: 'Check its escapes.',
      cause: thrown,
    });
  }
  return null;
}
