import { AppError } from '../../errors.ts';
import { connectAccount } from '../../pipeline/connection/connect.ts';
import { allSizes } from '../../pipeline/label/sizes.ts';
import { applySegmentations } from '../../pipeline/publish/publish.ts';
import { pendingTargets, releaseTargets } from '../../pipeline/publish/release.ts';
import type { Segmentation } from '../../segmentation/definition.ts';
import { listConnections } from '../../store/connections.ts';
import type { Run } from '../../store/runs.ts';
import { listPublished } from '../../store/segmentations.ts';
import { readTotals } from '../../views/totals.ts';
import pc from '../colours.ts';
import { count, type Output } from '../output.ts';
import type { Session } from '../session.ts';
import { runAndWatch } from '../watch.ts';
import type { DemoCrm } from './crm.ts';
import { countMismatches, labelProperty } from './mismatches.ts';
import { showReasons } from './reasons.ts';
import { type CrmSummary, type DemoSummary, showCrm, showSegments, showTotals } from './summary.ts';
import { showHeld, showWritten } from './written.ts';

type Play = {
  session: Session;
  crms: DemoCrm[];
  definitions: Segmentation[];
  asOf: Date;
  /** On the clock of `performance`. */
  started: number;
  signal: AbortSignal;
};

/** The seven acts, told as they go on. */
export async function play({
  session,
  crms,
  definitions,
  asOf,
  started,
  signal,
}: Play): Promise<DemoSummary> {
  const { app, tenant, output } = session;
  const { pool } = app.store;
  const heading = (text: string) => {
    signal.throwIfAborted();
    output.progressDone();
    output.line();
    output.line(pc.bold(pc.cyan(text)));
  };

  heading('1. Connect');
  for (const crm of crms) {
    const { connection, checks, mapped } = await connectAccount(
      { pool, tenant, keys: app.store.keys, log: app.log },
      { system: crm.system, config: crm.config, secret: crm.secret, app: crm.app },
    );
    const wrong = checks.filter(({ ok, level }) => !ok && level === 'error');
    output.line(
      `  ${pc.green('✓')} ${connection.name}: ${mapped.length} attributes are fed${wrong.length ? `, ${wrong.length} problems` : ''}`,
    );
    for (const check of wrong) output.line(`    ${check.message} ${check.action}`);
  }

  heading('2. Publish segments, pull everything, work out who is where. Nothing is written yet');
  await applySegmentations(pool, tenant, definitions, { by: 'demo' });
  const run = async (): Promise<Run> => {
    const done = await runAndWatch(session, { asOf, requestedBy: 'demo' }, { signal });
    if (done.state !== 'done') throw failedRun(done);
    return done;
  };
  await run();
  const totals = await readTotals(pool, tenant);
  showTotals(totals, tenant.currency, output);
  const pending = await pendingTargets(pool, tenant, asOf);
  showHeld(pending, output);

  heading('3. Release, and write the labels back');
  await releaseTargets(pool, tenant, 'all', 'demo');
  await run();
  await showWritten(session);
  const firstMismatches = await mismatchesBySystem(session, crms, asOf);
  const sizes = await allSizes(pool, tenant);
  const segments = sizes.flatMap((one) =>
    one.segments.map((segment) => ({ ...segment, revenue: Number(segment.revenue) })),
  );
  const published = await listPublished(pool, tenant);
  const unlabelled = Object.fromEntries(
    sizes
      .filter(({ segmentation }) =>
        published.some(({ key, definition }) => key === segmentation && definition.labels === 'one'),
      )
      .map(({ segmentation, unlabelled: none }) => [segmentation, none]),
  );
  showSegments(
    published.map(({ definition }) => definition),
    segments,
    Object.fromEntries(sizes.map(({ segmentation, unlabelled: none }) => [segmentation, none])),
    { persons: totals.persons, currency: tenant.currency },
    output,
  );

  heading('4. Why? A few customers and the reasons for their labels');
  await showReasons(session, asOf);

  heading('5. Run again with nothing changed');
  const beforeUnchanged = await callsOf(crms);
  await run();
  const unchangedRun = difference(await callsOf(crms), beforeUnchanged);
  output.line(`  ${unchangedRun.calls} calls to look, ${pc.bold(`${unchangedRun.writes} writes`)}.`);

  heading('6. Things change in the CRMs; run once more');
  const label = await labelProperty(session, asOf);
  const changes: string[] = [];
  const beforeChange = await callsOf(crms);
  for (const crm of crms) {
    const done = await crm.change(label.get(crm.system), asOf);
    changes.push(...done);
    output.line(`  in ${crm.name}: ${done.length > 0 ? done.join(', ') : 'there is nobody to change'}`);
  }
  await run();
  const changedMismatches = await mismatchesBySystem(session, crms, asOf);
  const changedRun = {
    changes: changes.length,
    ...difference(await callsOf(crms), beforeChange),
    mismatches: [...changedMismatches.values()].reduce((sum, value) => sum + value, 0),
  };
  output.line(
    `  ${changes.length} things changed: ${changedRun.calls} calls, ${pc.bold(`${changedRun.writes} writes`)}.`,
  );

  heading('7. What it took');
  const summaryOf = async (system: DemoCrm['system']): Promise<CrmSummary | null> => {
    const crm = crms.find((one) => one.system === system);
    if (!crm) return null;
    const { calls, writes, throttled, rulesBroken, broken } = await crm.journal();
    for (const rule of broken) app.log.error(rule, 'the CRM says that a rule was broken');
    const mismatches = (firstMismatches.get(system) ?? 0) + (changedMismatches.get(system) ?? 0);
    const summary = { calls, writes, throttled, rulesBroken, mismatches };
    showCrm(crm.name, crm.limit, summary, output);
    return summary;
  };
  const hubspot = await summaryOf('hubspot');
  const salesforce = await summaryOf('salesforce');
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  output.line(`  ${count(seconds)} seconds in all.`);
  showNext(output);
  return { ...totals, segments, unlabelled, hubspot, salesforce, unchangedRun, changedRun, seconds };
}

async function mismatchesBySystem(
  session: Session,
  crms: DemoCrm[],
  asOf: Date,
): Promise<Map<string, number>> {
  const { app, tenant } = session;
  const connections = await listConnections(app.store.pool, tenant);
  const counts = new Map<string, number>();
  for (const crm of crms) {
    const connection = connections.find(({ system }) => system === crm.system);
    if (connection) counts.set(crm.system, await countMismatches(session, connection.id, crm, asOf));
  }
  return counts;
}

type CallCount = { calls: number; writes: number };

async function callsOf(crms: DemoCrm[]): Promise<CallCount> {
  const journals = await Promise.all(crms.map((crm) => crm.journal()));
  return {
    calls: journals.reduce((sum, { calls }) => sum + calls, 0),
    writes: journals.reduce((sum, { writes }) => sum + writes, 0),
  };
}

const difference = (after: CallCount, before: CallCount): CallCount => ({
  calls: after.calls - before.calls,
  writes: after.writes - before.writes,
});

function failedRun(run: Run): AppError {
  return new AppError(
    run.reason?.code ?? 'run_failed',
    run.reason?.message ?? `Run ${run.id} ended as ${run.state}.`,
    {
      action: run.reason?.action ?? 'Run the demo again with --verbose.',
    },
  );
}

function showNext(output: Output): void {
  output.line();
  output.line(pc.bold('What to try next'));
  output.line('  npm run demo -- --template saas --contacts 10000    another business, more people');
  output.line(
    '  npm run demo -- --open                              the same, then the workspace to look around',
  );
  output.line('  npm run sandbox                                     the stand-in CRMs alone');
  output.line('  npm run -s cli -- --help                            all commands');
  output.line('  npm run -s cli -- connect hubspot                   your own portal');
}
