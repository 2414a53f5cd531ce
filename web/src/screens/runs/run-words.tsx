import { Badge } from '@mantine/core';
import type { Answer } from '../../api.ts';
import { count } from '../../parts/figures.ts';

export type Run = Answer<'GET /api/runs'>['items'][number];
type Stage = Run['stage'];

/** What a stage does, for people. */
export const STAGES: { key: Stage; name: string; does: string }[] = [
  { key: 'pull', name: 'Pull', does: 'Read what changed in the CRMs' },
  { key: 'unify', name: 'Unify', does: 'Bring records of one person together' },
  { key: 'profile', name: 'Profile', does: 'Work out attributes and deal totals' },
  { key: 'learn', name: 'Learn', does: 'Find cut points and groups, where due' },
  { key: 'label', name: 'Label', does: 'Say who is in which segment' },
  { key: 'push', name: 'Write', does: 'Write what differs into the CRMs' },
];

export const stageName = (stage: Stage): string => STAGES.find(({ key }) => key === stage)?.name ?? stage;

const STATES: Record<Run['state'], { name: string; color: string }> = {
  queued: { name: 'queued', color: 'gray' },
  running: { name: 'running', color: 'blue' },
  waiting: { name: 'waiting', color: 'yellow' },
  done: { name: 'done', color: 'teal' },
  failed: { name: 'failed', color: 'red' },
  cancelled: { name: 'cancelled', color: 'gray' },
};

export function RunState({ run }: { run: Pick<Run, 'state' | 'cancelRequested' | 'endedAt'> }) {
  const { name, color } = STATES[run.state];
  const isStopping = run.cancelRequested && run.endedAt === null;
  return (
    <Badge color={isStopping ? 'gray' : color} variant="light" tt="none">
      {isStopping ? 'stopping' : name}
    </Badge>
  );
}

/** Who or what began a run: people by their address, the rest in words. */
const BEGINNERS: Record<string, string> = {
  poll: 'a look for changes',
  webhook: 'an event of the CRM',
  schedule: 'the schedule',
  cli: 'the command line',
  disconnect: 'a disconnection',
};

export const beganBy = (requestedBy: string): string => BEGINNERS[requestedBy] ?? requestedBy;

const BUDGETS: Record<string, string> = { general: 'All calls', search: 'Searches', api: 'Calls to the API' };

/** What a limit is of, for people. */
export const budgetWords = (name: string): string =>
  BUDGETS[name] ?? name.charAt(0).toUpperCase() + name.slice(1);

export const windowWords = (ms: number): string => {
  if (ms === 1_000) return 'a second';
  return ms === 86_400_000 ? 'a day' : `in ${count(ms / 1_000)} seconds`;
};

/** "4 min 12 s" from one instant to another. */
export function took(from: string, to: string): string {
  const seconds = Math.max(0, Math.round((new Date(to).getTime() - new Date(from).getTime()) / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}
