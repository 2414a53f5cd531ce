/**
 * About CRMs, routes, screens and people, on whichever store: once is enough. Where a server pass follows they are
 * left to it, which is quicker; else they run on the embedded store. What is about the store, the pipeline or the
 * queue runs on both, and the embedded store in whole programs too (test/cli, test/processes, the guides, the demo).
 */
const ON_ONE_STORE = [
  'test/conditions-docs.test.ts',
  'test/integration/changes.test.ts',
  'test/integration/currency.test.ts',
  'test/integration/disconnect.test.ts',
  'test/integration/faults.test.ts',
  'test/integration/hidden-field.test.ts',
  'test/integration/own-limits.test.ts',
  'test/integration/play-tasks.test.ts',
  'test/integration/why.test.ts',
  'test/jobs/alerts.test.ts',
  'test/jobs/digest.test.ts',
  'test/pipeline/review/',
  'test/privacy/',
  'test/server/',
  'test/web/',
];

/** The journey of an install, live news and the server's own health are seen on the embedded store. */
const ON_EMBEDDED = [
  'test/server/events.test.ts',
  'test/server/foundation.test.ts',
  'test/web/journey.test.ts',
];

/** `file` is a path from the repository's root. */
export const isOnOneStore = (file: string): boolean =>
  !ON_EMBEDDED.includes(file) &&
  ON_ONE_STORE.some((part) => (part.endsWith('/') ? file.startsWith(part) : file === part));
