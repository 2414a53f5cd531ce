import { z } from 'zod';
import { AppError } from './errors.ts';

/** What the log keeps of an error. */
export type LoggedError = {
  type: string;
  code?: string | undefined;
  message: string;
  /** Of the database's errors: what a rule stands on, by name. */
  constraint?: string | undefined;
  table?: string | undefined;
  column?: string | undefined;
  /** Where it was thrown; without the message, that Node repeats there. */
  stack?: string | undefined;
  cause?: LoggedError | undefined;
  /** Of several in one, the first few. */
  errors?: LoggedError[] | undefined;
};

const GONE = '…';
/** Errors of one AggregateError that are told. */
const MOST_TOLD = 5;

/**
 * An error without the values of anybody's data: who reads logs is not who may read customers. Its kind, code, place
 * and causes stay, and its message with values taken out. All other fields are left: those of a database error show
 * the row, those of a call its headers.
 */
export function describeError(error: unknown): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: withoutAddresses(String(error)) };
  return {
    type: error.name,
    code: textOf(error, 'code'),
    message: messageOf(error),
    ...(isOfDatabase(error) && {
      constraint: textOf(error, 'constraint'),
      table: textOf(error, 'table'),
      column: textOf(error, 'column'),
    }),
    stack: framesOf(error),
    cause: error.cause === undefined ? undefined : describeError(error.cause),
    errors: error instanceof AggregateError ? error.errors.slice(0, MOST_TOLD).map(describeError) : undefined,
  };
}

/** E-mail addresses, in addresses of pages too. The last part begins with a letter, as no version of a package does. */
const ADDRESS =
  /[^\s@"'`<>()[\]{}\\/,;:=?&]{1,128}(?:@|%40)(?:[\p{L}\p{N}-]{1,63}\.){1,8}\p{L}[\p{L}\p{N}-]{1,62}/gu;

/** A text without e-mail addresses. */
export const withoutAddresses = (text: string): string =>
  /@|%40/.test(text) ? text.replace(ADDRESS, '[address]') : text;

/** From the first quotation mark to the last, in whichever language the database speaks: a value may hold some itself. */
const QUOTED = /["'`«»‹›„“”‘’「].*["'`«»‹›„“”‘’」]/s;

function messageOf(error: Error): string {
  if (error instanceof z.ZodError) return withoutAddresses(error.issues.map(issueOf).join('; '));
  // "invalid input syntax for type numeric: …"; elsewhere the quotes are around names of tables and rules.
  const tellsValue = isOfDatabase(error) && textOf(error, 'code')?.startsWith('22');
  // What could not be read as JSON is quoted.
  if (tellsValue || error instanceof SyntaxError)
    return withoutAddresses(error.message.replace(QUOTED, GONE));
  let { message } = error;
  if (error instanceof AppError && error.said !== '') message = message.replace(error.said, GONE);
  const { cause } = error;
  // Errors are often told in the words of what caused them.
  if (cause instanceof Error && cause.message !== '')
    message = message.replace(cause.message, () => messageOf(cause));
  return withoutAddresses(message);
}

/** Where and which rule. The words of an issue may name what was given, as a key that is not known. */
const issueOf = ({ code, path }: z.core.$ZodIssue): string => `${path.join('.') || 'value'}: ${code}`;

/** Both drivers give the severity with every error of the database. */
const isOfDatabase = (error: Error): boolean =>
  textOf(error, 'severity') !== undefined && textOf(error, 'code') !== undefined;

function textOf(error: object, name: string): string | undefined {
  const value: unknown = Reflect.get(error, name);
  return typeof value === 'string' ? value : undefined;
}

function framesOf(error: Error): string | undefined {
  // A message of several lines may look like a place.
  const frames = error.stack?.replace(error.message, '').match(/^ +at .+$/gm);
  return frames?.join('\n');
}
