import { existsSync, readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { Environment } from '../../src/config.ts';
import { isLetThrough, readCommand, readCopy, readDockerfile, readEnv } from './dockerfile.ts';

const stages = readDockerfile(readFileSync('Dockerfile', 'utf8'));
const ignore = readFileSync('.dockerignore', 'utf8');
const last = stages.at(-1);
const steps = (instruction: string) =>
  (last?.steps ?? []).filter((step) => step.instruction === instruction).map(({ text }) => text);

describe('the image', () => {
  it('stands on the Node that package.json asks for, in each stage', () => {
    const { engines } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(engines.node).toBe('24.x');
    expect(stages.map(({ image }) => image)).toEqual(stages.map(() => 'node:24-slim'));
  });

  it('runs as nobody special, with Node as the first process, and says whether it is well', () => {
    expect(steps('USER')).toEqual(['node']);
    expect(readCommand(steps('ENTRYPOINT')[0] ?? '')).toEqual(['node', 'src/main.ts']);
    expect(readCommand(steps('HEALTHCHECK')[0] ?? '').join(' ')).toContain('/healthz');
  });

  it('sets only what the program reads, and listens to all', () => {
    const env = readEnv(steps('ENV')[0] ?? '');
    expect(Object.keys(env).filter((name) => name !== 'NODE_ENV' && !(name in Environment.shape))).toEqual(
      [],
    );
    expect(env).toMatchObject({ NODE_ENV: 'production', HOST: '0.0.0.0' });
  });

  it('takes its packages from the stage without development packages', () => {
    const packages = steps('COPY')
      .map(readCopy)
      .find(({ target }) => target === 'node_modules');
    const stage = stages.find(({ name }) => name === packages?.from);
    expect(stage?.steps.map(({ text }) => text).join('\n')).toContain('npm ci --omit=dev');
  });

  it('copies only what is there and is let through', () => {
    const missing = stages
      .flatMap(({ steps: all }) => all.filter(({ instruction }) => instruction === 'COPY'))
      .map(({ text }) => readCopy(text))
      .filter(({ from }) => from === undefined)
      .flatMap(({ sources }) => sources)
      .filter((path) => !existsSync(path) || !isLetThrough(ignore, path));
    expect(missing).toEqual([]);
  });

  it.each([
    '.env',
    'data/encryption.key',
    'src/.env',
    '.git/config',
    'web/dist/index.html',
    'node_modules/a.js',
  ])('never sees %s', (path) => expect(isLetThrough(ignore, path)).toBe(false));

  it('has every folder that the program imports from', async () => {
    const inImage = steps('COPY')
      .map(readCopy)
      .flatMap(({ sources }) => sources);
    const needed = new Set<string>();
    for await (const file of glob('{src,jobs,connectors}/**/*.ts')) {
      for (const [, folder = ''] of readFileSync(file, 'utf8').matchAll(
        /^(?:import|export) (?!type)[^;]*? from '(?:\.\.\/)+([a-z]+)\/[^']+'/gm,
      ))
        if (existsSync(folder)) needed.add(folder);
    }
    expect([...needed].filter((folder) => !inImage.includes(folder))).toEqual([]);
  });
});
