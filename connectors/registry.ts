import { ConfigError } from '../src/errors.ts';
import type { Connector } from './contract.ts';
import csv from './csv/index.ts';
import hubspot from './hubspot/index.ts';
import salesforce from './salesforce/index.ts';

/** Every system that can be connected. */
export const connectors: Record<string, Connector> = { csv, hubspot, salesforce };

export function connectorOf(system: string): Connector {
  const connector = connectors[system];
  if (connector) return connector;
  const known = Object.keys(connectors).join(', ');
  throw new ConfigError('unknown_system', `There is no connector for "${system}".`, {
    action: `Use one of: ${known}.`,
  });
}
