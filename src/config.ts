import { z } from 'zod';
import { ConfigError } from './errors.ts';

const KEY_BYTES = 32;

/** A 32-byte key in base64 or hexadecimal. */
const EncryptionKey = z.string().transform((text, context) => {
  const bytes = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64');
  if (bytes.length === KEY_BYTES) return bytes;
  context.addIssue({
    code: 'custom',
    message: `32 bytes in base64 or hexadecimal, and this has ${bytes.length}`,
  });
  return z.NEVER;
});

const address = (protocol: RegExp, example: string) =>
  z
    .string()
    .refine(
      (text) => URL.canParse(text) && protocol.test(new URL(text).protocol),
      `an address such as ${example}`,
    );

const web = (example: string) => address(/^https?:$/, example).transform((text) => text.replace(/\/+$/, ''));

const whole = (from: number, to: number) =>
  z
    .string()
    .regex(/^\d+$/, `a whole number from ${from} to ${to}`)
    .transform(Number)
    .refine((number) => number >= from && number <= to, `a whole number from ${from} to ${to}`);

/** Every environment variable that the program reads. app.json repeats names and descriptions; a test compares. */
export const Environment = z.object({
  DATABASE_URL: address(/^postgres(ql)?:$/, 'postgres://user:password@host:5432/name')
    .optional()
    .describe('Postgres server (15 or newer). Without it an embedded Postgres is kept under DATA_DIR.'),
  REDIS_URL: address(/^rediss?:$/, 'redis://host:6379')
    .optional()
    .describe('Redis for the job queue. Without it the queue is kept in Postgres.'),
  REDIS_TLS: z
    .enum(['verify', 'no-verify'])
    .default('verify')
    .describe(
      'no-verify: a rediss:// address is believed without a certificate that can be checked, as Heroku asks for its own Redis.',
    ),
  DATA_DIR: z
    .string()
    .default('./data')
    .describe('Folder of the embedded database and its key file. Not used with DATABASE_URL.'),
  ENCRYPTION_KEY: EncryptionKey.optional().describe(
    'Key for stored CRM tokens: 32 bytes, base64 or hexadecimal. Required with DATABASE_URL; without it a key file is made in DATA_DIR.',
  ),
  ENCRYPTION_KEYS_OLD: z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .pipe(z.array(EncryptionKey))
    .default([])
    .describe('Earlier keys, separated by commas, while tokens are written again with the present one.'),
  PORT: whole(0, 65_535).default(3000).describe('Port of the web process.'),
  HOST: z.string().default('127.0.0.1').describe('Address that the web process listens on; 0.0.0.0 for all.'),
  PUBLIC_URL: web('https://segments.example.com')
    .optional()
    .describe('Address under which browsers and CRMs reach the web process; OAuth and webhooks need it.'),
  TRUST_PROXY: whole(0, 10)
    .default(0)
    .describe('Proxies in front of the web process, whose X-Forwarded-For is believed; 0 for none.'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('Least severe log line that is written: trace, debug, info, warn, error, fatal or silent.'),
  WORKER_CONCURRENCY: whole(1, 64)
    .default(4)
    .describe('Slices of work that one worker process does at once.'),
  HUBSPOT_CLIENT_ID: z.string().optional().describe('Client id of the HubSpot app.'),
  HUBSPOT_CLIENT_SECRET: z.string().optional().describe('Client secret of the HubSpot app.'),
  HUBSPOT_CLIENT_SECRET_OLD: z
    .string()
    .optional()
    .describe('Client secret before this one: still good for webhooks and cards while it is being rotated.'),
  HUBSPOT_API_URL: web('https://api.hubapi.com')
    .default('https://api.hubapi.com')
    .describe('Address of the HubSpot API.'),
  SALESFORCE_CLIENT_ID: z.string().optional().describe('Consumer key of the Salesforce app.'),
  SALESFORCE_CLIENT_SECRET: z.string().optional().describe('Consumer secret of the Salesforce app.'),
  SALESFORCE_LOGIN_URL: web('https://login.salesforce.com')
    .default('https://login.salesforce.com')
    .describe('Where Salesforce users log in; https://test.salesforce.com for sandbox orgs.'),
  INSTALLS: z
    .enum(['open', 'closed'])
    .default('open')
    .describe(
      'open: a HubSpot account that installs the app gets a company of its own; closed: only signed-in admins connect accounts.',
    ),
  OIDC_ISSUER: web('https://accounts.google.com')
    .optional()
    .describe('Identity provider for sign-in by OpenID Connect: Google, Microsoft, Okta and others.'),
  OIDC_CLIENT_ID: z.string().optional().describe('Client id at the identity provider.'),
  OIDC_CLIENT_SECRET: z.string().optional().describe('Client secret at the identity provider.'),
  OIDC_NAME: z
    .string()
    .max(40)
    .default('single sign-on')
    .describe('What the button calls the identity provider.'),
  SMTP_URL: address(/^smtps?:$/, 'smtps://user:password@host:465')
    .optional()
    .describe('Mail server for invitations and alerts. Without it nothing is mailed.'),
  MAIL_FROM: z
    .string()
    .default('Segment Sync <segment-sync@localhost>')
    .describe('Sender of what is mailed.'),
  ALERTS_TO_PRIVATE: z
    .enum(['yes', 'no'])
    .default('no')
    .describe('Alerts may be sent to http and to addresses inside one’s own network: yes or no.'),
  OPERATORS: z
    .string()
    .default('')
    .transform((text) => text.split(',').flatMap((part) => part.trim().toLowerCase() || []))
    .describe(
      'E-mail addresses, separated by commas, of who may look into the job queue. Without it the admins, where there is one tenant.',
    ),
  OTEL_EXPORTER_OTLP_ENDPOINT: web('http://localhost:4318')
    .optional()
    .describe('Where traces are sent, by OTLP over HTTP. Without it there are none.'),
});

type OAuthApp = { clientId: string; clientSecret: string };

/** What the environment says, by our own names. */
export type Config = {
  databaseUrl: string | undefined;
  redis: { url: string | undefined; isVerified: boolean };
  dataDir: string;
  encryptionKey: Buffer | undefined;
  oldEncryptionKeys: Buffer[];
  port: number;
  host: string;
  publicUrl: string | undefined;
  /** Proxies in front of us. */
  trustProxy: number;
  logLevel: string;
  workerConcurrency: number;
  hubspot: { app: OAuthApp | null; apiUrl: string; oldClientSecret: string | undefined };
  salesforce: { app: OAuthApp | null; loginUrl: string };
  /** May companies come in by themselves, from the marketplace? */
  installs: 'open' | 'closed';
  /** Null where nobody signs in by an identity provider. */
  oidc: (OAuthApp & { issuer: string; name: string }) | null;
  mail: { smtpUrl: string | undefined; from: string };
  /** May alerts go to http and private addresses? */
  alertsToPrivate: boolean;
  /** Who may look into the queue; empty: the admins of the only tenant. */
  operators: string[];
  /** Where traces go. */
  tracesUrl: string | undefined;
};

/**
 * Reads the configuration. An empty variable counts as unset.
 * @throws ConfigError that names the variable, what it should be and what to do; never its value
 */
export function readConfig(given: NodeJS.ProcessEnv = process.env): Config {
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value?.trim()));
  const parsed = Environment.safeParse(set);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${String(issue.path[0])} must be ${expected(issue)}.`);
    throw malformed(
      faults.join(' '),
      parsed.error.issues.map((issue) => String(issue.path[0])),
    );
  }
  const env = parsed.data;
  return {
    databaseUrl: env.DATABASE_URL,
    redis: { url: env.REDIS_URL, isVerified: env.REDIS_TLS === 'verify' },
    dataDir: env.DATA_DIR,
    encryptionKey: env.ENCRYPTION_KEY,
    oldEncryptionKeys: env.ENCRYPTION_KEYS_OLD,
    port: env.PORT,
    host: env.HOST,
    publicUrl: env.PUBLIC_URL,
    trustProxy: env.TRUST_PROXY,
    logLevel: env.LOG_LEVEL,
    workerConcurrency: env.WORKER_CONCURRENCY,
    hubspot: {
      app: app('HUBSPOT', env.HUBSPOT_CLIENT_ID, env.HUBSPOT_CLIENT_SECRET),
      apiUrl: env.HUBSPOT_API_URL,
      oldClientSecret: env.HUBSPOT_CLIENT_SECRET_OLD,
    },
    salesforce: {
      app: app('SALESFORCE', env.SALESFORCE_CLIENT_ID, env.SALESFORCE_CLIENT_SECRET),
      loginUrl: env.SALESFORCE_LOGIN_URL,
    },
    installs: env.INSTALLS,
    oidc: oidc(env),
    mail: { smtpUrl: env.SMTP_URL, from: env.MAIL_FROM },
    alertsToPrivate: env.ALERTS_TO_PRIVATE === 'yes',
    operators: env.OPERATORS,
    tracesUrl: env.OTEL_EXPORTER_OTLP_ENDPOINT,
  };
}

function app(
  system: string,
  clientId: string | undefined,
  clientSecret: string | undefined,
): OAuthApp | null {
  if (clientId && clientSecret) return { clientId, clientSecret };
  if (!clientId && !clientSecret) return null;
  const missing = `${system}_CLIENT_${clientId ? 'SECRET' : 'ID'}`;
  throw new ConfigError(
    'environment_incomplete',
    `${missing} is missing beside ${system}_CLIENT_${clientId ? 'ID' : 'SECRET'}. Nothing was started.`,
    { action: `Set ${missing} too, or neither.` },
  );
}

function oidc(env: z.output<typeof Environment>): Config['oidc'] {
  const known = app('OIDC', env.OIDC_CLIENT_ID, env.OIDC_CLIENT_SECRET);
  if (known && env.OIDC_ISSUER) return { ...known, issuer: env.OIDC_ISSUER, name: env.OIDC_NAME };
  if (!known && !env.OIDC_ISSUER) return null;
  const missing = known ? 'OIDC_ISSUER' : 'OIDC_CLIENT_ID';
  throw new ConfigError('environment_incomplete', `${missing} is missing. Nothing was started.`, {
    action: 'Set OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET, or none of them.',
  });
}

/** Zod's own words speak of input and options; ours finish "must be". */
function expected(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return `one of ${issue.values.join(', ')}`;
  return issue.message;
}

function malformed(faults: string, names: string[]): ConfigError {
  return new ConfigError('environment_malformed', `${faults} Nothing was started.`, {
    action: `Correct ${[...new Set(names)].join(' and ')}, or unset ${names.length > 1 ? 'them' : 'it'} for the default.`,
  });
}
