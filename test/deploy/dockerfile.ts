/** Reads a Dockerfile's steps and a .dockerignore's rules, as far as ours use them. */
import { matchesGlob } from 'node:path';

export type Step = { instruction: string; text: string };
export type Stage = { name: string; image: string; steps: Step[] };

/** The stages in order; comments and line ends after a backslash are gone. */
export function readDockerfile(text: string): Stage[] {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const stages: Stage[] = [];
  for (const line of lines) {
    const [instruction = '', ...rest] = line.split(/\s+/);
    if (instruction === 'FROM') {
      const [image = '', , name = String(stages.length)] = rest;
      stages.push({ name, image, steps: [] });
      continue;
    }
    const stage = stages.at(-1);
    if (!stage) throw new Error(`${line}: before the first FROM`);
    stage.steps.push({ instruction, text: line.slice(instruction.length).trim() });
  }
  return stages;
}

/** Does the build see this path? The last rule that says something of it, or of a folder above it, decides. */
export function isLetThrough(ignore: string, path: string): boolean {
  const parts = path.split('/');
  const above = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
  let ignored = false;
  for (const line of ignore.split('\n')) {
    const rule = line.trim();
    if (rule === '' || rule.startsWith('#')) continue;
    const pattern = rule.replace(/^!/, '');
    if (above.some((one) => matchesGlob(undotted(one), undotted(pattern)))) ignored = !rule.startsWith('!');
  }
  return !ignored;
}

/** To Docker a name that begins with a dot is a name like others; to globs it is not. */
const undotted = (path: string) => path.replaceAll(/(^|\/)\./g, '$1\u0001');

export type Copy = { from: string | undefined; sources: string[]; target: string };

export function readCopy(text: string): Copy {
  const words = text.split(/\s+/);
  const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
  const paths = words.filter((word) => !word.startsWith('--'));
  return { from, sources: paths.slice(0, -1), target: paths.at(-1) ?? '' };
}

/** `A=1 B=2` of ENV. */
export function readEnv(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(/\s+/).map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
}

/** The command of HEALTHCHECK, ENTRYPOINT or CMD, which we write as lists only. */
export function readCommand(text: string): string[] {
  const list: unknown = JSON.parse(text.slice(text.indexOf('[')));
  if (!Array.isArray(list) || list.some((word) => typeof word !== 'string'))
    throw new Error(`${text}: not a list of words`);
  return list;
}
