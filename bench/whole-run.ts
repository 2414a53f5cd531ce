/**
 * A first run of the program in a process of its own, on a server store, so that its memory and its CPU alone are
 * measured. Prints one line of JSON in the end, and on stderr how far it is.
 */
import { readConfig } from '../src/config.ts';
import { listRuns } from '../src/store/runs.ts';
import { install } from './installation.ts';
import { recordsRead } from './records-read.ts';

const PROGRESS_MS = 15_000;
const MB = 1_048_576;

const contacts = Number(process.argv[2]);
const crm = await install({ config: readConfig(), system: 'hubspot', contacts });
let peak = 0;
const look = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 50);
const idle = process.memoryUsage.rss();
const start = performance.now();
const cpu = process.cpuUsage();
const cpuSeconds = () => {
  const { user, system } = process.cpuUsage(cpu);
  return (user + system) / 1_000_000;
};
const seconds = () => (performance.now() - start) / 1_000;
const progress = setInterval(async () => {
  const [run] = await listRuns(crm.app.store.pool, crm.tenant, 1);
  if (!run) return;
  const rss = Math.round(process.memoryUsage.rss() / MB);
  process.stderr.write(
    `  ${seconds().toFixed(0)} s  ${run.stage}  ${recordsRead(run)} read  ${rss} MB (most ${Math.round(peak / MB)})  ${cpuSeconds().toFixed(0)} s of CPU  ${JSON.stringify(run.counts[run.stage] ?? {})}\n`,
  );
}, PROGRESS_MS);
const run = await crm.run();
clearInterval(look);
clearInterval(progress);
const answer = { records: recordsRead(run), idle, peak, seconds: seconds(), cpuSeconds: cpuSeconds() };
await crm.close();
process.stdout.write(`${JSON.stringify(answer)}\n`);
