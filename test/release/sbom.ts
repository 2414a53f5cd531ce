/**
 * `npm run -s sbom`: the bill of materials of what reaches a user, as CycloneDX JSON: the server's packages, and those
 * that the workspace's pages are built from. npm itself knows only development packages and the others.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';
import { shippedPackages } from './shipped.ts';

const ROOT = join(import.meta.dirname, '../..');
const ASK = 'sbom --sbom-format cyclonedx --sbom-type application --package-lock-only';
/** npm's mark for what `npm ci --omit dev` leaves out, which is not so for what the pages are built from. */
const DEVELOPMENT = 'cdx:npm:package:development';

const Property = z.looseObject({ name: z.string() });
const Bill = z.looseObject({
  metadata: z.looseObject({ component: z.looseObject({ 'bom-ref': z.string() }) }),
  components: z.array(
    z.looseObject({
      'bom-ref': z.string(),
      scope: z.string().optional(),
      properties: z.array(Property).default([]),
    }),
  ),
  dependencies: z.array(z.looseObject({ ref: z.string(), dependsOn: z.array(z.string()).default([]) })),
});

export function billOfMaterials(root = ROOT): z.infer<typeof Bill> {
  const answer = execFileSync('npm', ASK.split(' '), {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1e8,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const bill = Bill.parse(JSON.parse(answer));
  const shipped = new Set(shippedPackages(root).map(({ name, version }) => `${name}@${version}`));
  const refs = new Set([...shipped, bill.metadata.component['bom-ref']]);
  return {
    ...bill,
    components: bill.components
      .filter((component) => shipped.has(component['bom-ref']))
      .map((component) => ({
        ...component,
        scope: 'required',
        properties: component.properties.filter(({ name }) => name !== DEVELOPMENT),
      })),
    dependencies: bill.dependencies
      .filter(({ ref }) => refs.has(ref))
      .map((entry) => ({ ...entry, dependsOn: entry.dependsOn.filter((ref) => refs.has(ref)) })),
  };
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(billOfMaterials(), null, 2)}\n`);
