/**
 * Salesforce record ids: 15 case-sensitive characters (3 of key prefix, 12 of our own numbering) and
 * a 3-character suffix that encodes which of the 15 are capitals, so that spreadsheets cannot confuse two ids.
 */

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const SUFFIX = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345';
const INSTANCE = 'gL000';

export function idSuffix(id15: string): string {
  let suffix = '';
  for (let chunk = 0; chunk < 15; chunk += 5) {
    let bits = 0;
    for (let at = 0; at < 5; at++) {
      const code = id15.charCodeAt(chunk + at);
      if (code >= 65 && code <= 90) bits |= 1 << at;
    }
    suffix += SUFFIX[bits];
  }
  return suffix;
}

/** The 18-character id of record number `n` of the object with this key prefix ('003' for Contact). */
export function salesforceId(prefix: string, n: number): string {
  let rest = '';
  for (let left = n; rest.length < 7; left = Math.floor(left / 62)) rest = BASE62[left % 62] + rest;
  const id15 = prefix + INSTANCE + rest;
  return id15 + idSuffix(id15);
}

/** The 18-character form of an id, or null if this is not an id at all (wrong length, letters or suffix). */
export function toId18(id: string): string | null {
  if (!/^[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?$/.test(id)) return null;
  const id18 = id.slice(0, 15) + idSuffix(id.slice(0, 15));
  return id.length === 18 && id18.slice(15) !== id.slice(15).toUpperCase() ? null : id18;
}

/** Salesforce's way to print an instant; seconds are the finest it stores. */
export function stampOf(ms: number): string {
  return `${new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19)}.000+0000`;
}

/** ISO 8601 (or Salesforce's own form) to Salesforce's form; null if it is not an instant. */
export function stampFrom(text: string): string | null {
  // The usual form, by the million when an org is filled; a slice would keep the whole of `text` alive.
  if (USUAL.test(text)) return text.replace(FRACTION, '.000+0000');
  const ms = Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
  return Number.isNaN(ms) ? null : stampOf(ms);
}
const FRACTION = /(\.\d+)?Z$/;
const USUAL = /^\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d(\.\d+)?Z$/;
