import type { Request } from 'express';
import { InputError } from '../errors.ts';

/** What the caller had before them, from the ETag of the answer that they edit. */
export function requiredTag(request: Request): string {
  const tag = request.get('if-match');
  if (tag) return tag;
  throw new InputError(
    'if_match_missing',
    'The request does not say which version it changes. Nothing was changed.',
    {
      action: 'Send the ETag of what you read as If-Match.',
    },
  );
}
