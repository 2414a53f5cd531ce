import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { offences } from './layers.ts';

const FOLDERS = ['src', 'connectors', 'jobs', 'sandbox', 'bench'];

describe('who may know whom', () => {
  it('is kept by every file', () => {
    const files = FOLDERS.flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => /(?<!\.d)\.ts$/.test(name))
        .map((name) => ({ path: `${folder}/${name}`, text: readFileSync(`${folder}/${name}`, 'utf8') })),
    );
    expect(files.length).toBeGreaterThan(50);
    const found = offences(files).map(
      ({ path, line, rule, text }) => `${path}:${line}: ${rule}\n    ${text}`,
    );
    expect(found.join('\n')).toBe('');
  });

  it.each([
    ['src/model/record.ts', `import { readFile } from 'node:fs/promises';`, 'no I/O'],
    ['src/segmentation/learn.ts', `import { transaction } from '../store/pool.ts';`, 'no I/O'],
    ['src/segmentation/learn.ts', 'const now = new Date();', 'no clock'],
    ['src/model/record.ts', 'const at = Date.now();', 'no clock'],
    ['src/review/experiment.ts', 'const part = randomInt(2);', 'no chance'],
    ['connectors/hubspot/push.ts', `import { config } from '../salesforce/config.ts';`, 'one another'],
    [
      'connectors/hubspot/push.ts',
      `import type { Tenant } from '../../src/store/tenant.ts';`,
      'neither the store',
    ],
    ['connectors/retry.ts', `const worker = await import('../jobs/worker.ts');`, 'neither the store'],
    ['sandbox/http.ts', `import { retry } from '../connectors/retry.ts';`, 'a model of its own'],
    ['jobs/worker.ts', 'const url = process.env.DATABASE_URL;', 'reads the environment'],
    ['src/server/health.ts', 'await pool.query<{ one: number }>(`\n  select 1`);', 'run SQL'],
    ['src/pipeline/pull.ts', `import { Queue } from 'bullmq';`, 'imports bullmq'],
    ['src/pipeline/push.ts', `import { waiting } from '../views/waiting.ts';`, 'what is shown'],
    ['src/review/jitter.ts', `import { readModels } from '../store/models.ts';`, 'no I/O'],
    ['src/store/runs.ts', `import type { Stage } from '../pipeline/stage.ts';`, 'nothing of the stages'],
    ['src/views/home.ts', `import { queueSlice } from '../../jobs/advance.ts';`, 'nothing of the doors'],
    ['jobs/digest.ts', `import { cookies } from '../src/server/cookies.ts';`, 'nor the jobs the server'],
    ['src/server/app.ts', `import { table } from '../cli/output.ts';`, 'the command line'],
    [
      'src/server/app.ts',
      `import { startHubspot } from '../../sandbox/hubspot/index.ts';`,
      'start the sandbox',
    ],
    ['src/views/home.ts', "const gone = 'delete from pin';", 'only reads'],
  ])('%s may not say %s', (path, text, rule) => {
    const found = offences([{ path, text: `// a line before\n${text}` }]);
    expect(found).toMatchObject([{ path, line: 2, rule: expect.stringContaining(rule) }]);
  });

  it.each([
    ['src/segmentation/learn.ts', `import { z } from 'zod';\nconst start = new Date(asOf);`],
    ['src/segmentation/learn.ts', `import { InputError } from '../errors.ts';`],
    ['src/segmentation/learn.ts', '// never Date.now() here\n/* nor new Date() */'],
    ['connectors/hubspot/push.ts', `import { retry } from '../retry.ts';`],
    ['connectors/registry.ts', `import hubspot from './hubspot/index.ts';`],
    ['src/config.ts', 'process.env'],
    ['jobs/backend.ts', `import { Queue } from 'bullmq';`],
    ['src/store/tenant.ts', "pool.query('select 1')"],
    ['src/server/app.ts', "request.query('page')"],
    ['src/server/webhooks.ts', `import { startRefresh } from '../../jobs/webhook-refresh.ts';`],
  ])('%s may say %s', (path, text) => {
    expect(offences([{ path, text }])).toEqual([]);
  });
});
