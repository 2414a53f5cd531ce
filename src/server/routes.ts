/** The table of endpoints. The workspace calls them by method and path and takes their types from here. */
import getSession from './routes/get-session.ts';
import startRun from './routes/start-run.ts';

export const routes = [getSession, startRun];

/** By `GET /api/session`, for typed calls. */
export type Api = {
  [R in (typeof routes)[number] as `${R['method']} ${R['path']}`]: R;
};
