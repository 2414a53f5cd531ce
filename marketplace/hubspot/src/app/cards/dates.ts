/** Labels older than this are shown with a warning: runs are usually daily. */
export const STALE_AFTER_MS = 2 * 24 * 60 * 60 * 1_000;

/** "3 Mar 2026" in the account's time zone. */
export function dayOf(instant: string, timeZone: string): string {
  return format(instant, timeZone, { dateStyle: 'medium' });
}

/** "3 Mar 2026, 09:12" in the account's time zone. */
export function momentOf(instant: string, timeZone: string): string {
  return format(instant, timeZone, { dateStyle: 'medium', timeStyle: 'short' });
}

function format(instant: string, timeZone: string, options: Intl.DateTimeFormatOptions): string {
  const date = new Date(instant);
  try {
    return new Intl.DateTimeFormat('en-GB', { ...options, timeZone }).format(date);
  } catch {
    // A time zone that this browser does not know.
    return `${new Intl.DateTimeFormat('en-GB', { ...options, timeZone: 'UTC' }).format(date)} UTC`;
  }
}
