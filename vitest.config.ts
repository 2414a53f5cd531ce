import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { SlowFirst } from './test/slow-first.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    globalSetup: ['test/database-setup.ts'],
    // One process after the other would read the whole program again for each file.
    isolate: false,
    // For two cores: many tests wait for a clock, a browser or a program of their own.
    maxWorkers: 3,
    sequence: { sequencer: SlowFirst },
    // Programs that tests start are compiled once, not each time.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/programs') },
    // They end what hangs; nothing is said of speed by them. Twenty busy programs beside it reach neither.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
