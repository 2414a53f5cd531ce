#!/usr/bin/env node
// Plain JavaScript, so that any Node can start it: it hands over to the Node that the project brings.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const own = join(root, 'node_modules', 'node', 'bin', 'node');
const isNewEnough = Number(process.versions.node.split('.')[0]) >= 24;

if (!existsSync(own) && !isNewEnough) {
  console.error(
    `Segment Sync needs Node 24 and this is ${process.version}. Run "npm install" in ${root}: it brings its own.`,
  );
  process.exit(1);
}

const child = spawn(
  existsSync(own) ? own : process.execPath,
  [join(root, 'src', 'cli.ts'), ...process.argv.slice(2)],
  {
    stdio: 'inherit',
  },
);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
