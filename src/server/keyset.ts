import { z } from 'zod';
import { InputError } from '../errors.ts';

/** The key of a list's last row as one piece of text that callers hand back unread. */
export const packKey = (key: Record<string, string>): string =>
  Buffer.from(JSON.stringify(key)).toString('base64url');

/** @throws InputError where the text is not one that packKey made */
export function unpackKey<T>(schema: z.ZodType<T>, text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  const parsed = schema.safeParse(parse(Buffer.from(text, 'base64url').toString('utf8')));
  if (parsed.success) return parsed.data;
  throw new InputError('page_invalid', 'after: not what the page before gave as next. Nothing was changed.', {
    action: 'Begin again with the first page.',
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Of tables that are keyed by a record and a target. */
export const RecordTargetKey = z.strictObject({
  connectionId: z.string(),
  object: z.enum(['contact', 'company', 'deal']),
  key: z.string(),
  targetId: z.string(),
});

/** Cuts a list that was read one row longer than the page to its page. */
export function cutPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  key: (row: Row) => Record<string, string>,
  shape: (row: Row) => Item,
): { items: Item[]; next: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(shape),
    next: rows.length > limit && last !== undefined ? packKey(key(last)) : null,
  };
}
