import { randomUUID } from 'node:crypto';
import { Refusal, type Reply } from '../http.ts';

/** A row that a batch refuses; `status` is what the call would have answered for this row alone. */
export type RowError = {
  status: number;
  category: string;
  message: string;
  context: Record<string, string[]>;
  subCategory?: string;
};

export const errorReply = (
  status: number,
  category: string,
  message: string,
  more: Record<string, unknown> = {},
): Reply => ({
  status,
  json: { status: 'error', message, correlationId: randomUUID(), category, ...more },
});

export const refuse = (
  status: number,
  category: string,
  message: string,
  more: Record<string, unknown> = {},
): never => {
  throw new Refusal(errorReply(status, category, message, more));
};

export const notFound = (message = 'resource not found'): never => refuse(404, 'OBJECT_NOT_FOUND', message);

export const invalid = (message: string, more: Record<string, unknown> = {}): never =>
  refuse(400, 'VALIDATION_ERROR', message, more);

/** The standard error of a row in a 207 answer; `bare` keeps only what must be there. */
export const rowError = ({ category, message, context, subCategory }: RowError, bare: boolean) =>
  bare
    ? { status: 'error', category, message, context: {}, links: {}, errors: [] }
    : {
        status: 'error',
        id: randomUUID(),
        category,
        ...(subCategory !== undefined && { subCategory }),
        message,
        context,
        links: {},
        errors: [],
      };
