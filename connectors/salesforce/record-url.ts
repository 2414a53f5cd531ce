/** An id opens its record at the org's own address, in whichever experience the user has. */
export function recordUrl(account: { webUrl: string | null }, record: { id: string }): string | null {
  return account.webUrl === null ? null : `${account.webUrl}/${encodeURIComponent(record.id)}`;
}
