import { Writable } from 'node:stream';
import type { Logger } from 'pino';
import { createLog } from '../src/log.ts';

/** The program's own log at its most talkative, kept as text for looking what it gives away. */
export function keepLog(): { log: Logger; text(): string } {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, written) {
      text += String(chunk);
      written();
    },
  });
  return { log: createLog({ level: 'trace', stream }), text: () => text };
}
