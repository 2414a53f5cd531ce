import { labelled, without } from '../test/answers.ts';

const DAY = 24 * 60 * 60_000;
const ok = (body: unknown) => Promise.resolve(Response.json(body));
const old = () => {
  const ended = new Date(Date.now() - 5 * DAY).toISOString();
  return { ...labelled(), asOf: ended, lastRun: { endedAt: ended, state: 'done' } };
};

/** What the workspace answers in each state of the card. */
export const STATES: Record<string, () => Promise<Response>> = {
  labelled: () => ok(labelled()),
  unlabelled: () => ok(without('unlabelled')),
  unknown: () => ok(without('unknown')),
  not_profiled: () => ok(without('not_profiled')),
  stale: () => ok(old()),
  loading: () => new Promise(() => {}),
  signed_out: () => Promise.resolve(new Response('{}', { status: 403 })),
  failed: () => Promise.reject(new TypeError('no line')),
};
