import { AppError } from '../errors.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What a shell says of a program that Ctrl-C ended. */
export const INTERRUPTED = 130;

/**
 * Ctrl-C, SIGTERM or a terminal that was closed stop the work at its next safe point, so that it puts away what it
 * opened; a second one ends the process at once. `said` is what the user is told then.
 * @throws AppError `interrupted` where the work broke off because of it
 */
export async function interruptible<T>(
  said: { message: string; action: string },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const interrupt = () => {
    if (stop.signal.aborted) process.exit(INTERRUPTED);
    stop.abort(new AppError('interrupted', said.message, { action: said.action }));
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  try {
    return await work(stop.signal);
  } catch (error) {
    if (stop.signal.aborted) throw stop.signal.reason;
    throw error;
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt);
  }
}
