import { vi } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';

/** Runs a command in this process. What it prints: the JSON document, or with no --json the lines. */
export async function cli(...args: string[]): Promise<{ text: string; json: Record<string, unknown> }> {
  let text = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((part) => {
    text += String(part);
    return true;
  });
  try {
    await (await createProgram(...args)).parseAsync(['node', 'cli', ...args]);
  } finally {
    write.mockRestore();
  }
  const last = text.trim().split('\n').at(-1) ?? '';
  return { text, json: args.includes('--json') ? JSON.parse(last) : {} };
}
