import { WriteStream } from 'node:tty';
import { expect, test, vi } from 'vitest';
import { createOutput } from '../../src/cli/output.ts';

/** What is written to a terminal of that width; 0 where it does not say. */
function terminal(columns: number): { stream: WriteStream; written: string[] } {
  const written: string[] = [];
  const stream: WriteStream = Object.create(WriteStream.prototype, {
    isTTY: { value: true },
    columns: { value: columns },
    write: { value: vi.fn((text: string) => written.push(text)) },
  });
  return { stream, written };
}

test.each([
  [20, 'pull     12 contacts', 'pull     12 contac…'],
  [21, 'pull     12 contacts', 'pull     12 contacts'],
  [8, '\u001b[36m████\u001b[39m 12', '\u001b[36m████\u001b[39m 12'],
  [0, 'pull     12 contacts', 'pull     12 contacts'],
])(
  'progress never wraps on a terminal of %i columns: only its last row would be cleared',
  (columns, text, shown) => {
    const { stream, written } = terminal(columns);
    createOutput(false, stream).progress(text);
    expect(written).toEqual([`\r\u001b[2K${shown}`]);
  },
);
