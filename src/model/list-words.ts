/**
 * Several as people say them: `A`, `A and B`, `A, B or C`; where there are more than `most` of them,
 * `A, B, C or 47 others`.
 */
export function showList(
  parts: readonly string[],
  word: 'and' | 'or',
  most = Number.POSITIVE_INFINITY,
): string {
  const isLong = parts.length > most + 1;
  const named = isLong ? parts.slice(0, most) : parts.slice(0, -1);
  const last = isLong ? `${parts.length - most} others` : (parts.at(-1) ?? '');
  return named.length === 0 ? last : `${named.join(', ')} ${word} ${last}`;
}
