import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { eventually } from '../jobs/queue.ts';

const Line = z.looseObject({ msg: z.string().default(''), time: z.string().default('') });
export type LogLine = z.infer<typeof Line>;

export type Child = {
  process: ChildProcess;
  pid: number;
  /** JSON lines of standard error, as they come. */
  log: LogLine[];
  /** What else it printed there. */
  text(): string;
  said(message: string, limitMs?: number): Promise<LogLine>;
  /** Its exit code; null where a signal ended it. */
  ended(limitMs?: number): Promise<number | null>;
};

/** Ends what hangs: a busy machine takes a minute for what takes a second otherwise. */
const LIMIT_MS = 150_000;

/** Every process started here carries this name in its environment, and so do its children. */
const MARK = 'SEGMENT_SYNC_TEST_MARK';

export function start(
  command: string,
  args: string[],
  options: { mark: string; env: Record<string, string> },
): Child {
  // vitest's own variables would make it a test's process.
  const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
  const child = spawn(command, args, {
    env: { PATH, HOME, NODE_COMPILE_CACHE, ...options.env, [MARK]: options.mark },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const log: LogLine[] = [];
  let text = '';
  createInterface({ input: child.stderr }).on('line', (line) => {
    const parsed = line.startsWith('{') ? Line.safeParse(JSON.parse(line)) : undefined;
    if (parsed?.success) log.push(parsed.data);
    else text += `${line}\n`;
  });
  let code: number | null | undefined;
  child.once('close', (exit) => {
    code = exit;
  });
  return {
    process: child,
    pid: child.pid ?? 0,
    log,
    text: () => text,
    said: (message, limitMs = LIMIT_MS) =>
      eventually(
        `"${message}" in the log:\n${text}`,
        () => {
          const line = log.find(({ msg }) => msg === message);
          if (!line && code !== undefined)
            throw new Error(`it ended (${code}) before "${message}":\n${text}`);
          return line;
        },
        limitMs,
      ),
    ended: async (limitMs = LIMIT_MS) => {
      if (code === undefined) {
        const late = AbortSignal.timeout(limitMs);
        await once(child, 'close', { signal: late });
      }
      return code ?? null;
    },
  };
}

/** The processes that carry the mark, by /proc. */
export function processesMarked(mark: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`${MARK}=${mark}\0`);
      } catch {
        // It ended meanwhile, or is not ours.
        return false;
      }
    });
}

/** Ends what a failed test left, each by its own id. */
export function endMarked(mark: string): void {
  for (const pid of processesMarked(mark)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended meanwhile.
    }
  }
}
