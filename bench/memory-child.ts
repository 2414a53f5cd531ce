/** The program in a process of its own, on a server store, so that its memory alone is measured. */
import { readConfig } from '../src/config.ts';
import { install } from './installation.ts';

const contacts = Number(process.argv[2]);
const crm = await install({ config: readConfig(), system: 'hubspot', contacts });
let peak = 0;
const look = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 50);
const idle = process.memoryUsage.rss();
const { counts } = await crm.run();
clearInterval(look);
const records = Object.entries(counts.pull ?? {})
  .filter(([name]) => name.endsWith('.read'))
  .reduce((sum, [, count]) => sum + count, 0);
await crm.close();
process.stdout.write(`${JSON.stringify({ records, idle, peak })}\n`);
