import { InputError } from '../errors.ts';

/** The number of a run, as `status` shows it. */
export function parseRunNumber(text: string): string {
  if (/^\d{1,18}$/.test(text)) return text;
  throw new InputError('run_invalid', `"${text}" is not the number of a run.`, {
    action: 'Run `status` to see the runs there are.',
  });
}
