import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { generateCompany } from './company.ts';
import { seedFromCsv } from './csv-seed.ts';
import { FaultPlan } from './faults.ts';
import { type HubspotOptions, type HubspotSandbox, startHubspot } from './hubspot/index.ts';
import {
  type SalesforceOptions,
  type SalesforceSandbox,
  type SalesforceSeed,
  startSalesforce,
} from './salesforce/index.ts';
import type { CrmSeed } from './seed.ts';

/** Starts the stand-in CRMs: in this process for the demo, or run directly, as a process of their own. */

export type SandboxOptions = {
  /** Contacts in HubSpot, or in Salesforce where that is the only one; 2,000 by default. */
  contacts?: number;
  seed?: number;
  /** The day on which the generated data end; now by default. */
  asOf?: Date;
  /** `none` lifts every limit, for measurements. */
  limits?: 'real' | 'none';
  /** With both files, the only CRM holds them; if there are two, HubSpot does and Salesforce starts empty. */
  contactsCsv?: string;
  dealsCsv?: string;
  only?: 'hubspot' | 'salesforce';
  faults?: FaultPlan;
  ports?: { hubspot?: number; salesforce?: number };
  hubspot?: Omit<HubspotOptions, 'seed' | 'port'>;
  salesforce?: Omit<SalesforceOptions, 'seed' | 'port'>;
};

export type Sandbox = {
  hubspot: HubspotSandbox | null;
  salesforce: SalesforceSandbox | null;
  stop(): Promise<void>;
};

const NO_LIMIT = 1_000_000_000;

export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { only, faults, limits = 'real', ports = {} } = options;
  const seeds = seedsOf(options);
  const hubspot =
    only === 'salesforce'
      ? null
      : await startHubspot({
          ...(limits === 'none' && {
            // A number, not infinity: the headers then tell the client that it need not wait.
            limits: { perTenSeconds: NO_LIMIT, searchPerSecond: NO_LIMIT },
          }),
          ...options.hubspot,
          seed: seeds.hubspot,
          faults: options.hubspot?.faults ?? faults,
          port: ports.hubspot,
        });
  const salesforce =
    only === 'hubspot'
      ? null
      : await startSalesforce({
          ...(limits === 'none' && { dailyCalls: NO_LIMIT }),
          ...options.salesforce,
          seed: seeds.salesforce,
          faults: options.salesforce?.faults ?? faults,
          port: ports.salesforce,
        });
  const stop = async () => {
    await Promise.all([hubspot?.stop(), salesforce?.stop()]);
  };
  return { hubspot, salesforce, stop };
}

function seedsOf(options: SandboxOptions): { hubspot?: CrmSeed; salesforce?: SalesforceSeed } {
  const { contactsCsv, dealsCsv, only, contacts = 2000, seed = 1, asOf = new Date() } = options;
  if ((contactsCsv === undefined) !== (dealsCsv === undefined))
    throw new Error('Contacts and deals come as two files: give both --contacts-csv and --deals-csv');
  if (contactsCsv !== undefined && dealsCsv !== undefined) {
    const system = only ?? 'hubspot';
    return { [system]: seedFromCsv({ contactsCsv, dealsCsv, system }) };
  }
  const shares =
    only === 'hubspot'
      ? { salesforceShare: 0 }
      : only === 'salesforce'
        ? { hubspotShare: 0, salesforceShare: 1 }
        : {};
  return generateCompany({ seed, contacts, asOf, ...shares });
}

const Flags = z.object({
  port: z.coerce.number().int().optional(),
  'hubspot-port': z.coerce.number().int().optional(),
  'salesforce-port': z.coerce.number().int().optional(),
  contacts: z.coerce.number().int().min(1).optional(),
  seed: z.coerce.number().int().optional(),
  'as-of': z.coerce.date().optional(),
  limits: z.enum(['real', 'none']).optional(),
  'contacts-csv': z.string().optional(),
  'deals-csv': z.string().optional(),
  only: z.enum(['hubspot', 'salesforce']).optional(),
  faults: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(FaultPlan)
    .optional(),
});

/**
 * Prints one line of JSON with the addresses, the apps and an install of each, then serves until SIGTERM, SIGINT or the end of who started it.
 * `--port N`: HubSpot there and Salesforce on the next one.
 */
async function serve(args: string[]): Promise<void> {
  const names = Object.keys(Flags.shape);
  const { values } = parseArgs({
    args,
    options: Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
  });
  const flags = Flags.parse(values);
  const sandbox = await startSandbox({
    contacts: flags.contacts,
    seed: flags.seed,
    asOf: flags['as-of'],
    limits: flags.limits,
    contactsCsv: flags['contacts-csv'],
    dealsCsv: flags['deals-csv'],
    only: flags.only,
    faults: flags.faults,
    ports: {
      hubspot: flags['hubspot-port'] ?? flags.port,
      salesforce:
        flags['salesforce-port'] ??
        (flags.port && (flags.only === 'salesforce' ? flags.port : flags.port + 1)),
    },
  });
  const { hubspot, salesforce } = sandbox;
  const line = {
    hubspot: hubspot && {
      url: hubspot.url,
      portalId: hubspot.portalId,
      app: hubspot.app,
      install: hubspot.issueInstall(),
    },
    salesforce: salesforce && {
      url: salesforce.url,
      orgId: salesforce.orgId,
      app: salesforce.app,
      install: salesforce.issueInstall(),
    },
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  // Who started us over a channel may be killed, and can't stop us then.
  const left = process.connected ? [once(process, 'disconnect')] : [];
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT'), ...left]);
  if (process.connected) process.disconnect();
  await sandbox.stop();
}

/** Whoever started us shows the first line as the reason. */
function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError)
    return error.issues.map((issue) => `--${issue.path.join('.')}: ${issue.message}`).join('; ');
  return error instanceof Error ? error.message : String(error);
}

if (import.meta.main) {
  try {
    await serve(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${reasonOf(error)}\n`);
    process.exitCode = 1;
  }
}
