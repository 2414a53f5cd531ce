import { readFile, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { InputError } from '../errors.ts';
import { type Erasure, erase } from '../privacy/erase.ts';
import { exportPerson } from '../privacy/export.ts';
import { allowSensitive, revokeSensitive } from '../privacy/lawful-basis.ts';
import { addSuppressed, readmit, reapplyErasures } from '../privacy/reapply.ts';
import { processingRecord } from '../privacy/record.ts';
import { recordMarkdown } from '../privacy/record-markdown.ts';
import { parseWho } from '../privacy/who.ts';
import { lawfulBases, listBases } from '../store/lawful-bases.ts';
import { listSuppressed, suppressionKey } from '../store/suppressions.ts';
import pc from './colours.ts';
import { confirm } from './confirm.ts';
import { count, type Output, table } from './output.ts';
import { type CommonOptions, withSession } from './session.ts';

const WHO = 'an e-mail address, person:ID, or record:CONNECTION/ID';

export function registerPrivacy(program: Command): void {
  const privacy = program
    .command('privacy')
    .description('Erase and export people, lawful bases for sensitive data, the record of processing.')
    .addHelpText(
      'after',
      `
Examples:
  npm run -s cli -- privacy export ada@example.com --by "Ann (DPO)" --out ada.json
  npm run -s cli -- privacy erase ada@example.com --by "Ann (DPO)" --reason "request 117"
  npm run -s cli -- privacy allow person.religion --basis explicit_consent --by "Ann (DPO)"
  npm run -s cli -- privacy record --markdown > record.md`,
    );
  registerErase(privacy);
  registerExport(privacy);
  registerBases(privacy);
  registerRecord(privacy);
  registerSuppressed(privacy);
}

type By = CommonOptions & { by: string };
type EraseFlags = By & { reason?: string; all?: boolean; yes?: boolean };

function registerErase(privacy: Command): void {
  privacy
    .command('erase')
    .argument('<who>', WHO)
    .requiredOption('--by <name>', 'who does it, for the audit')
    .option('--reason <text>', 'why, without naming the person')
    .option('--all', 'everybody who holds the address, where several people do')
    .option('--yes', 'do it without asking')
    .description('Remove a person from everything, for good. Deals stay, as revenue of nobody.')
    .action(async (who: string, flags: EraseFlags, command: Command) => {
      const meant = parseWho(who);
      await withSession(command.optsWithGlobals(), async ({ app, tenant, output }) => {
        const { pool, keys } = app.store;
        if (!(await confirm('Erase this person for good?', flags, output))) return;
        const erasure = await erase(pool, await suppressionKey(pool, keys), tenant, meant, flags);
        showErasure(erasure, output);
        output.result(erasure);
      });
    });
}

function showErasure(erasure: Erasure, output: Output): void {
  output.line(`${pc.green('✓')} Erased: ${count(erasure.people)} people, ${count(erasure.records)} records.`);
  output.line(`  Receipt ${erasure.id}, ${erasure.at.toISOString()}, by ${erasure.by}`);
  const rows = Object.entries(erasure.removed);
  if (rows.length > 0) output.line(table(['table', 'rows removed'], rows));
  if (erasure.deals > 0) output.line(`${count(erasure.deals)} deals stay, without this person.`);
  for (const { targetId, state, records } of erasure.toClear) {
    output.line(
      `${count(records)} records still show a label of ${targetId}: ${state === 'live' ? 'the next run clears it' : `the target is ${state}, release it or clear it in the CRM`}.`,
    );
  }
  if (erasure.sharedAddresses > 0)
    output.line('Others hold the same address: this person is known again by the CRM records only.');
  for (const { segmentation } of erasure.models)
    output.line(
      `The model of ${segmentation} was learned with this person: learn it anew with \`run --learn\`.`,
    );
  for (const key of erasure.namedIn)
    output.line(pc.yellow(`The definition of ${key} names the address: take it out and publish it again.`));
  output.line('Backups and exported files made before still hold the person. After restoring one:');
  output.line('  `privacy suppressed` on the old store, then `privacy reapply FILE` on the restored one.');
}

type ExportFlags = By & { out?: string };

function registerExport(privacy: Command): void {
  privacy
    .command('export')
    .argument('<who>', WHO)
    .requiredOption('--by <name>', 'who does it, for the audit')
    .option('--out <file>', 'write it to this new file, readable by you only')
    .description('Everything held of a person, as JSON.')
    .action(async (who: string, flags: ExportFlags, command: Command) => {
      const meant = parseWho(who);
      await withSession(command.optsWithGlobals(), async ({ app, tenant, output }) => {
        const found = await exportPerson(app.store.pool, tenant, meant, { asOf: new Date(), by: flags.by });
        if (flags.out === undefined) {
          output.line(JSON.stringify(found, null, 2));
          output.result(found);
          return;
        }
        await writeNew(flags.out, `${JSON.stringify(found, null, 2)}\n`);
        output.line(`${pc.green('✓')} Written to ${flags.out}. Delete it once it was handed over.`);
        output.result({ file: flags.out, records: found.records.length });
      });
    });
}

async function writeNew(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600, flag: 'wx' }).catch((cause: unknown) => {
    throw new InputError('file_not_writable', `${path} can't be written, or is there already.`, {
      action: 'Choose another name.',
      cause,
    });
  });
}

function registerBases(privacy: Command): void {
  privacy
    .command('allow')
    .argument('<attribute>', 'as person.religion')
    .requiredOption('--basis <basis>', `one of ${Object.keys(lawfulBases).join(', ')}`)
    .requiredOption('--by <name>', 'who answers for it')
    .option('--article <text>', 'the article it rests on; that of the basis if left out')
    .option('--note <text>', 'where the proof is')
    .description('Record the lawful basis for using a sensitive attribute.')
    .action(
      async (
        name: string,
        flags: By & { basis: string; article?: string; note?: string },
        command: Command,
      ) => {
        await withSession(command.optsWithGlobals(), async ({ app, tenant, output }) => {
          await allowSensitive(app.store.pool, tenant, name, flags);
          output.line(`${pc.green('✓')} ${name} may be used from now on.`);
          output.result({ attribute: name, basis: flags.basis });
        });
      },
    );

  privacy
    .command('basis')
    .description('Sensitive attributes that may be used, and why.')
    .action(async (_flags: CommonOptions, command: Command) => {
      await withSession(command.optsWithGlobals(), async ({ app, tenant, output }) => {
        const bases = await listBases(app.store.pool, tenant);
        if (bases.length === 0) output.line('None: sensitive attributes can not be used.');
        else {
          const rows = bases.map(({ owner, key, basis, article, by, at, note }) => [
            `${owner}.${key}`,
            basis,
            article,
            by,
            at.toISOString().slice(0, 10),
            note ?? '',
          ]);
          output.line(table(['attribute', 'basis', 'article', 'by', 'on', 'note'], rows));
        }
        output.result({ bases });
      });
    });

  privacy
    .command('revoke')
    .argument('<attribute>', 'as person.religion')
    .requiredOption('--by <name>', 'who does it, for the audit')
    .description('Take a lawful basis back. What uses the attribute keeps its labels and is held.')
    .action(async (name: string, flags: By, command: Command) => {
      await withSession(command.optsWithGlobals(), async ({ app, tenant, output }) => {
        const held = await revokeSensitive(app.store.pool, tenant, name, flags.by);
        output.line(`${pc.green('✓')} ${name} may not be used any more.`);
        for (const key of held) output.line(`  ${key} keeps its labels, gives no more, and is held.`);
        output.result({ attribute: name, held });
      });
    });
}

function registerRecord(privacy: Command): void {
  privacy
    .command('record')
    .option('--markdown', 'as a page; JSON if left out')
    .description('The record of processing (GDPR article 30): every segmentation, why, with what, where to.')
    .action(async (flags: CommonOptions & { markdown?: boolean }, command: Command) => {
      await withSession(command.optsWithGlobals(), async ({ app, tenant, output }) => {
        const record = await processingRecord(app.store.pool, tenant, new Date());
        output.line(flags.markdown ? recordMarkdown(record) : JSON.stringify(record, null, 2));
        output.result(record);
      });
    });
}

function registerSuppressed(privacy: Command): void {
  privacy
    .command('suppressed')
    .description('Hashes of everybody who was erased, one a line. They name nobody.')
    .action(async (_flags: CommonOptions, command: Command) => {
      await withSession(command.optsWithGlobals(), async ({ app, tenant, output }) => {
        const hashes = await listSuppressed(app.store.pool, tenant);
        for (const hash of hashes) output.line(hash);
        output.result({ suppressed: hashes });
      });
    });

  privacy
    .command('reapply')
    .argument('[file]', 'hashes of a newer copy of this store, as `privacy suppressed` prints them')
    .requiredOption('--by <name>', 'who does it, for the audit')
    .description('After restoring a backup: erase again whoever was erased since it was made.')
    .action(async (file: string | undefined, flags: By, command: Command) => {
      await withSession(command.optsWithGlobals(), async ({ app, tenant, output }) => {
        const { pool, keys } = app.store;
        const added = file === undefined ? 0 : await addSuppressed(pool, tenant, await readHashes(file));
        const erased = await reapplyErasures(pool, await suppressionKey(pool, keys), tenant, flags.by);
        output.line(`${count(added)} hashes were new; ${count(erased)} records were erased again.`);
        output.result({ added, erased });
      });
    });

  privacy
    .command('readmit')
    .argument('<email>', 'an address that was erased')
    .requiredOption('--by <name>', 'who does it, for the audit')
    .description('Let an erased person be stored again, as a new record in the CRM. Their word is needed.')
    .action(async (email: string, flags: By, command: Command) => {
      const meant = parseWho(email);
      await withSession(command.optsWithGlobals(), async ({ app, tenant, output }) => {
        const { pool, keys } = app.store;
        const readmitted = await readmit(pool, await suppressionKey(pool, keys), tenant, meant, flags.by);
        output.line(readmitted ? 'They may come back.' : 'They were not suppressed: nothing to do.');
        output.result({ readmitted });
      });
    });
}

async function readHashes(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new InputError('file_unreadable', `The file ${path} can't be read. Nothing was changed.`, {
      action: 'Check its path and permissions.',
      cause,
    });
  });
  return text.split(/\s+/).filter((line) => line !== '');
}
