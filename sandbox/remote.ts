import { z } from 'zod';
import type { FaultPlan } from './faults.ts';
import { JournalTotals } from './journal.ts';

/** The operations of a sandbox's `admin`, from another process. */
export type Remote<Admin> = {
  [Name in keyof Admin]: Admin[Name] extends (...args: infer Args) => infer Result
    ? (...args: Args) => Promise<Result extends Promise<infer Inner> ? Inner : Result>
    : never;
};

/** Works a sandbox that runs elsewhere through its own door, /__sandbox; none of these calls is counted. */
export const remoteSandbox = <Admin extends object>(url: string) => {
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${url}/__sandbox/${path}`, {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`The sandbox refused ${method} ${path}: ${text}`);
    return response.headers.get('content-type')?.startsWith('application/json')
      ? JSON.parse(text)
      : undefined;
  };
  const admin = new Proxy(
    {},
    {
      get:
        (_target, name) =>
        async (...args: unknown[]) =>
          z.object({ result: z.unknown() }).parse(await call('POST', `admin/${String(name)}`, args)).result,
    },
    // The names and types are those of the admin object that the other end serves.
  ) as Remote<Admin>;
  return {
    admin,
    journal: async (): Promise<JournalTotals> => JournalTotals.parse(await call('GET', 'journal')),
    resetJournal: async () => void (await call('DELETE', 'journal')),
    setFaults: async (plan: FaultPlan) => void (await call('PUT', 'faults', plan)),
    advanceClock: async (ms: number) => void (await call('POST', 'clock', { advanceMs: ms })),
  };
};
