import type { Command } from 'commander';
import { ownerOf } from '../model/attribute.ts';
import { showShare } from '../model/share-words.ts';
import { catalogue } from '../segmentation/catalogue.ts';
import { listAttributes } from '../store/columns.ts';
import { listConnections } from '../store/connections.ts';
import { listMappings } from '../store/mappings.ts';
import { readCoverage } from '../views/coverage.ts';
import pc from './colours.ts';
import { count, table } from './output.ts';
import { type CommonOptions, withSession } from './session.ts';

const PLURALS = { person: 'people', company: 'companies', deal: 'deals' } as const;

export function registerAttributes(program: Command): void {
  program
    .command('attributes')
    .option('--missing', 'standard attributes that nothing feeds, too')
    .description('What segments can be made of: each attribute, what feeds it, how many have a value.')
    .addHelpText(
      'after',
      `
Segments that use an attribute which nothing feeds say what they need, rather than come out empty.

Example: npm run -s cli -- attributes --missing`,
    )
    .action(async (flags: CommonOptions & { missing?: boolean }, command: Command) => {
      await withSession(command.optsWithGlobals(), async ({ app, tenant, output }) => {
        const { pool } = app.store;
        const attributes = await listAttributes(pool, tenant);
        const connections = new Map((await listConnections(pool, tenant)).map(({ id, name }) => [id, name]));
        const mappings = await listMappings(pool, tenant);
        const coverage = await readCoverage(pool, tenant);
        const listed = [];
        for (const { owner, total, known } of coverage) {
          const own = attributes.filter((attribute) => attribute.owner === owner);
          const described = own.map((attribute) => {
            const feeding = mappings.filter(
              (mapping) => ownerOf[mapping.object] === owner && mapping.attribute === attribute.key,
            );
            const fedBy = feeding.map(
              ({ connectionId, property }) => `${connections.get(connectionId) ?? connectionId}: ${property}`,
            );
            return { ...attribute, known: known.get(attribute.key) ?? 0, total, fedBy };
          });
          listed.push(...described);
          output.line(pc.bold(`${count(total)} ${PLURALS[owner]}`));
          const rows = described.map(({ key, name, type, kind, known: values, fedBy, source }) => [
            key,
            name,
            type,
            kind,
            total === 0 ? '' : showShare(values / total),
            source === 'computed' ? 'computed' : fedBy.join(', ') || 'nothing',
          ]);
          output.line(table(['attribute', 'name', 'type', 'kind', 'known', 'fed by'], rows));
          output.line();
        }
        const have = new Set(attributes.map(({ owner, key }) => `${owner}.${key}`));
        const missing = catalogue
          .map(({ attribute }) => attribute)
          .filter(({ owner, key }) => !have.has(`${owner}.${key}`));
        if (flags.missing) {
          output.line(pc.bold('Nothing feeds these standard attributes'));
          const rows = missing.map(({ owner, key, name, type, kind }) => [
            `${owner}.${key}`,
            name,
            type,
            kind,
          ]);
          output.line(table(['attribute', 'name', 'type', 'kind'], rows));
        } else if (missing.length > 0) {
          output.line(
            `${count(missing.length)} more standard attributes are fed by nothing: \`attributes --missing\`.`,
          );
        }
        output.result({ attributes: listed, missing });
      });
    });
}
