import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { CheckItem, Connector, OAuthApp, OAuthSecret } from '../../connectors/contract.ts';
import { connectorOf } from '../../connectors/registry.ts';
import type { Config } from '../config.ts';
import { AuthError, ConfigError, InputError } from '../errors.ts';
import { type Connected, connectAccount } from '../pipeline/connection/connect.ts';
import { listConnections } from '../store/connections.ts';
import pc from './colours.ts';
import { noteChange } from './note.ts';
import { counted, type Output } from './output.ts';
import { type CommonOptions, withSession } from './session.ts';

type ConnectFlags = CommonOptions & {
  apiUrl?: string;
  folder?: string;
  test?: boolean;
  /** False for `--no-create`. */
  create: boolean;
  name?: string;
  port?: string;
};

/** How long somebody may take to authorise us in the browser. */
const AUTHORISE_MS = 10 * 60_000;

export function registerConnect(program: Command): void {
  program
    .command('connect')
    .argument('<system>', 'hubspot, salesforce or csv')
    .description('Authorise a CRM account, check it, and map its properties to attributes.')
    .option('--api-url <url>', 'another address than the CRM’s own: a sandbox on this machine')
    .option('--folder <path>', 'csv: the folder with contacts.csv and deals.csv')
    .option('--test', 'a test account: never unified with production')
    .option(
      '--no-create',
      'make no fields, lists or campaigns in the CRM: an admin makes them (`targets --bundle`)',
    )
    .option('--name <name>', 'what you call it')
    .option('--port <number>', 'local port that the browser comes back to', '3939')
    .addHelpText(
      'after',
      `
HubSpot and Salesforce need their app's client id and secret in the environment (HUBSPOT_CLIENT_ID, ...), and
http://localhost:3939/callback among the app's redirect addresses.

Examples:
  npm run -s cli -- connect hubspot
  npm run -s cli -- connect salesforce --no-create
  npm run -s cli -- connect csv --folder ./my-shop`,
    )
    .action(async (system: string, flags: ConnectFlags, command: Command) => {
      checkFlags(flags);
      await withSession(command.optsWithGlobals(), async (session) => {
        const { app, tenant, output } = session;
        const connector = connectorOf(system);
        const config = configOf(connector, flags, app.config);
        const oauthApp = oauthAppOf(system, app.config);
        const secret =
          connector.auth === 'none'
            ? undefined
            : await authorise(connector, requireApp(connector, oauthApp), config, flags, output);
        const known = await listConnections(app.store.pool, tenant);
        const connected = await connectAccount(
          { pool: app.store.pool, tenant, keys: app.store.keys, log: app.log },
          {
            system,
            config,
            secret,
            app: oauthApp,
            mode: flags.test ? 'test' : 'production',
            name: flags.name,
          },
        );
        const { connection, checks } = connected;
        await noteChange(session, {
          action: known.some(({ id }) => id === connection.id)
            ? 'connection.reconnect'
            : 'connection.connect',
          subject: connection.id,
          after: {
            name: connection.name,
            mode: connection.mode,
            account: connection.accountId,
            failed: checks.filter(({ ok }) => !ok).map(({ code }) => code),
          },
        });
        showConnected(connected, output);
      });
    });
}

function checkFlags({ port, apiUrl }: ConnectFlags): void {
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65_535)) {
    throw new InputError('port_invalid', `"${port}" is no port.`, {
      action: 'Write a whole number from 0 to 65535, such as --port 3939.',
    });
  }
  if (apiUrl !== undefined && !/^https?:$/.test(URL.parse(apiUrl)?.protocol ?? '')) {
    throw new InputError('address_invalid', `"${apiUrl}" is no address of a CRM.`, {
      action: 'Write it as `sandbox` prints it, such as --api-url http://127.0.0.1:4010.',
    });
  }
}

function configOf(connector: Connector, flags: ConnectFlags, config: Config): Record<string, unknown> {
  if (connector.key === 'csv') {
    if (!flags.folder) {
      throw new InputError('folder_missing', 'A CSV connection needs its folder.', {
        action: 'Add --folder PATH.',
      });
    }
    return { folder: resolve(flags.folder), mayCreate: flags.create };
  }
  if (connector.key === 'hubspot')
    return { apiUrl: flags.apiUrl ?? config.hubspot.apiUrl, mayCreate: flags.create };
  return { loginUrl: flags.apiUrl ?? config.salesforce.loginUrl, mayCreate: flags.create };
}

function oauthAppOf(system: string, config: Config): OAuthApp | undefined {
  if (system === 'hubspot') return config.hubspot.app ?? undefined;
  return system === 'salesforce' ? (config.salesforce.app ?? undefined) : undefined;
}

function requireApp(connector: Connector, app: OAuthApp | undefined): OAuthApp {
  if (app) return app;
  const prefix = connector.key.toUpperCase();
  throw new ConfigError('app_missing', `${connector.name} needs the client id and secret of your app.`, {
    action: `Set ${prefix}_CLIENT_ID and ${prefix}_CLIENT_SECRET and try again.`,
  });
}

/** The web-server flow with a local address to come back to: state of 256 bits, used once; PKCE S256. */
async function authorise(
  connector: Connector,
  app: OAuthApp,
  rawConfig: Record<string, unknown>,
  flags: ConnectFlags,
  output: Output,
): Promise<OAuthSecret> {
  const { authorize } = connector;
  if (!authorize) throw new TypeError(`${connector.key} has no authorisation`);
  const config = connector.config.parse(rawConfig);
  const state = randomBytes(32).toString('base64url');
  const verifier = randomBytes(48).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const callback = await listenForCode(Number(flags.port ?? 3939), state);
  try {
    const url = authorize.url(app, { config, redirectUri: callback.redirectUri, state, challenge });
    output.line(
      `Open this address in a browser and allow access to ${connector.name}:\n\n  ${pc.cyan(url)}\n`,
    );
    output.result({ authorize: url });
    const code = await callback.code;
    return await authorize.exchange(app, {
      config,
      code,
      redirectUri: callback.redirectUri,
      verifier,
      fetch,
      signal: AbortSignal.timeout(30_000),
      now: new Date(),
    });
  } finally {
    callback.close();
  }
}

async function listenForCode(port: number, state: string) {
  const { promise: code, resolve: gotCode, reject: failed } = Promise.withResolvers<string>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (url.pathname !== '/callback') {
      response.writeHead(404).end();
      return;
    }
    const refused = url.searchParams.get('error');
    const given = url.searchParams.get('code');
    const isOurs = url.searchParams.get('state') === state;
    response.setHeader('content-type', 'text/plain; charset=utf-8');
    if (!isOurs) {
      response
        .writeHead(400)
        .end('This answer does not belong to the authorisation that was started. Nothing was stored.');
      return;
    }
    response.end(
      given
        ? 'Connected. You can close this page and go back to the terminal.'
        : 'Not connected; see the terminal.',
    );
    if (given) gotCode(given);
    else
      failed(
        new AuthError('authorisation_refused', `The CRM said: ${refused ?? 'no code'}.`, {
          action: 'Try again, as an admin of the account.',
        }),
      );
  });
  await new Promise<void>((listening, failing) => {
    server.once('error', (cause) =>
      failing(
        new ConfigError('port_taken', `Port ${port} can't be used: ${cause.message}.`, {
          action: "Name a free one with --port; it must be in the app's redirect address, too.",
          cause,
        }),
      ),
    );
    server.listen(port, '127.0.0.1', listening);
  });
  const { port: bound } = server.address() as AddressInfo;
  const late = setTimeout(
    () =>
      failed(
        new AuthError('authorisation_late', 'Nobody authorised within ten minutes.', {
          action: 'Run the command again.',
        }),
      ),
    AUTHORISE_MS,
  );
  return {
    redirectUri: `http://localhost:${bound}/callback`,
    code,
    close: () => {
      clearTimeout(late);
      server.close();
      server.closeAllConnections();
    },
  };
}

/** What was connected, what is fed, what is missing. */
export function showConnected({ connection, checks, mapped, missing }: Connected, output: Output): void {
  output.line(
    `${pc.green('✓')} ${connection.name} is connected (${connection.id}); ${counted(mapped.length, 'attribute')} ${mapped.length === 1 ? 'is' : 'are'} fed.`,
  );
  if (missing.length > 0)
    output.line(
      `  Nothing feeds ${counted(missing.length, 'standard attribute')}: see \`attributes --missing\`.`,
    );
  for (const check of checks.filter(({ ok }) => !ok)) output.line(describeCheck(check));
  output.result({ connection: connection.id, mapped, missing, checks });
}

export function describeCheck(check: CheckItem): string {
  const mark = check.ok ? pc.green('✓') : check.level === 'error' ? pc.red('✗') : pc.yellow('!');
  return check.ok ? `${mark} ${check.message}` : `${mark} ${check.message}\n    ${check.action}`;
}
