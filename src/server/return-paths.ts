/** Pages of the workspace that somebody may come back to after they were away at a CRM or an identity provider. */
const PAGES = ['/', '/connections', '/setup', '/settings', '/people'] as const;

/** Where nothing else was asked for. */
export const HOME = '/';

/** One of our own pages, or home: whatever else an address says, nobody is sent there. */
export function returnPath(asked: string | undefined): string {
  return PAGES.find((page) => page === asked) ?? HOME;
}

/** Adds one word to a page's address: `connected=t1-hubspot-1`. */
export function withQuery(path: string, name: string, value: string): string {
  return `${path}?${new URLSearchParams({ [name]: value }).toString()}`;
}
