/** The table of endpoints. The workspace calls them by method and path and takes their types from here. */
import changeOwnSettings from './routes/change-own-settings.ts';
import changePerson from './routes/change-person.ts';
import changeTenant from './routes/change-tenant.ts';
import getSession from './routes/get-session.ts';
import getTenant from './routes/get-tenant.ts';
import invitePerson from './routes/invite-person.ts';
import listAudit from './routes/list-audit.ts';
import listPeople from './routes/list-people.ts';
import listTokens from './routes/list-tokens.ts';
import makeSignInLink from './routes/make-sign-in-link.ts';
import makeToken from './routes/make-token.ts';
import removePerson from './routes/remove-person.ts';
import revokeInvitation from './routes/revoke-invitation.ts';
import revokeToken from './routes/revoke-token.ts';
import startRun from './routes/start-run.ts';

export const routes = [
  getSession,
  startRun,
  changeOwnSettings,
  changePerson,
  changeTenant,
  getTenant,
  invitePerson,
  listAudit,
  listPeople,
  listTokens,
  makeSignInLink,
  makeToken,
  removePerson,
  revokeInvitation,
  revokeToken,
];

/** By `GET /api/session`, for typed calls. */
export type Api = {
  [R in (typeof routes)[number] as `${R['method']} ${R['path']}`]: R;
};
