import type { z } from 'zod';
import { InputError } from '../errors.ts';

/** Where a page ended, as text for the next one's `after`. */
export function toCursor(place: unknown): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** @throws InputError where it is not one that we gave */
export function fromCursor<T extends z.ZodType>(
  schema: T,
  text: string | undefined,
): z.output<T> | undefined {
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
  } catch (cause) {
    throw new InputError('page_unreadable', 'This is not the end of a page of this list.', {
      action: 'Take `next` of the page before as it is, or leave `after` out for the first page.',
      cause,
    });
  }
}

/** Cuts a list that was read one row longer than the page to its page. */
export function cutPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  place: (row: Row) => unknown,
  shape: (row: Row) => Item,
): { items: Item[]; next: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(shape),
    next: rows.length > limit && last !== undefined ? toCursor(place(last)) : null,
  };
}
