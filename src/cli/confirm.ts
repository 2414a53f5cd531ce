import { createInterface } from 'node:readline/promises';
import { InputError } from '../errors.ts';
import type { Output } from './output.ts';

/**
 * Asks before something is changed: --yes answers in advance; a terminal is asked, with No as the default.
 * @throws InputError where nobody is there to be asked
 */
export async function confirm(
  question: string,
  { yes }: { yes?: boolean },
  output: Output,
): Promise<boolean> {
  if (yes) return true;
  if (!output.isTerminal || process.stdin.isTTY !== true) {
    throw new InputError('confirmation_missing', 'Nobody is there to confirm. Nothing was changed.', {
      action: 'Look at what was said above; add --yes to do it.',
    });
  }
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await asking.question(`${question} [y/N] `);
    if (/^y(es)?$/i.test(answer.trim())) return true;
  } finally {
    asking.close();
  }
  output.line('Nothing was changed.');
  return false;
}
