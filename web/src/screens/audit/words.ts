import { counted } from '../../parts/figures.ts';

/** What people and programs did, as a person would say it; an action that is not here shows its own name. */
const DONE: Record<string, string> = {
  'alerts.change': 'changed where alerts go',
  'alerts.test': 'sent a test alert',
  'attribute.sensitivity': 'changed how carefully an attribute is handled',
  'audit.download': 'downloaded the audit log',
  'basis.record': 'recorded a lawful basis',
  'basis.revoke': 'took a lawful basis back',
  'connection.authorize': 'began to connect',
  'connection.budget': 'changed the limit of calls',
  'connection.change': 'changed a connection',
  'connection.connect': 'connected',
  'connection.disconnect': 'disconnected',
  'connection.disconnected': 'noticed that it was removed in the CRM',
  'connection.reconnect': 'connected again',
  'customer.erase': 'erased a customer',
  'customer.export': 'exported what is held of a customer',
  'customer.readmit': 'let a customer come back',
  'customer.rejoin': 'let records be one customer again',
  'customer.split': 'made a record a customer of its own',
  'experiment.begin': 'started an experiment',
  'experiment.end': 'ended an experiment',
  'fall.accept': 'accepted that records are gone',
  'mapping.change': 'changed a mapping',
  'mapping.remove': 'removed a mapping',
  'person.change': 'changed a person',
  'person.change_own': 'changed their own settings',
  'person.invite': 'invited',
  'person.remove': 'removed a person',
  'person.sign_in_link': 'made a sign-in link',
  'person.uninvite': 'took an invitation back',
  'pin.remove': 'gave up a value set by hand',
  'quiet_hours.change': 'changed the quiet hours',
  'rates.remove': 'removed an exchange rate',
  'rates.set': 'gave an exchange rate',
  'refused.retry': 'tried refused records again',
  'revenue.change': 'changed what counts as revenue',
  'review.decide': 'decided on a suggestion',
  'review.done': 'finished a review',
  'run.cancel': 'stopped a run',
  'run.download': 'downloaded what a run wrote',
  'run.start': 'started a run',
  'schedule.put': 'set a schedule',
  'schedule.remove': 'removed a schedule',
  'segment.download': 'downloaded members',
  'segmentation.begin': 'began a draft',
  'segmentation.discard': 'threw a draft away',
  'segmentation.propose': 'asked for approval',
  'segmentation.publish': 'published',
  'segmentation.retire': 'retired',
  'segmentation.save': 'saved a draft',
  'session.begin': 'signed in',
  'session.end_all': 'signed out everywhere',
  'target.held': 'held back',
  'target.paused': 'paused',
  'target.release': 'released',
  'target.stop': 'stopped writing to',
  'tenant.change': 'changed the company’s settings',
  'token.make': 'made an API token',
  'token.revoke': 'revoked an API token',
  'undo.preview': 'looked at what an undo would do',
  'undo.start': 'took a run’s writes back',
};

export const actionWords = (action: string): string => DONE[action] ?? action;

/** Names of what changed that the rule of `fieldWords` would not make readable. */
const FIELDS: Record<string, string> = {
  id: 'number',
  expiresAt: 'works until',
  mailed: 'sent by e-mail',
  'timing.cron': 'when (cron)',
  'timing.zone': 'time zone',
  'timing.every': 'every',
  refusalLeast: 'refused records, at least',
  refusalShare: 'refused records, from this share on',
};

/**
 * `brakes.labelShare` is "brakes: label share", `segments.0.name` "segment 1: name". The log keeps fields by the names
 * that programs use.
 */
export function fieldWords(path: string): string {
  const known = FIELDS[path];
  if (known !== undefined) return known;
  const words: string[] = [];
  for (const step of path.split('.')) {
    const list = /^\d+$/.test(step) ? words.pop() : undefined;
    words.push(
      list === undefined
        ? step
            .replace(/([a-z])([A-Z])/g, '$1 $2')
            .replaceAll('_', ' ')
            .toLowerCase()
        : `${list.replace(/s$/, '')} ${Number(step) + 1}`,
    );
  }
  return words.join(': ');
}

/** Whole definitions would fill the log: how many segments one has, null for what is no definition. */
export function definitionWords(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('method' in value) || !('segments' in value))
    return null;
  return Array.isArray(value.segments)
    ? `whole definition: ${counted(value.segments.length, 'segment')}`
    : null;
}

/** Kinds of actions as people look for them; the server takes how an action begins. */
export const ACTION_KINDS: { value: string; label: string }[] = [
  { value: 'alerts', label: 'Alerts' },
  { value: 'attribute', label: 'Attributes: how carefully handled' },
  { value: 'audit', label: 'Audit log: downloaded' },
  { value: 'connection', label: 'Connections' },
  { value: 'customer', label: 'Customers: erased, exported' },
  { value: 'rates', label: 'Exchange rates' },
  { value: 'experiment', label: 'Experiments' },
  { value: 'basis', label: 'Lawful bases' },
  { value: 'mapping', label: 'Mapping' },
  { value: 'segment', label: 'Members: downloaded' },
  { value: 'person', label: 'People and roles' },
  { value: 'quiet_hours', label: 'Quiet hours' },
  { value: 'fall', label: 'Records that are gone' },
  { value: 'refused', label: 'Refused records' },
  { value: 'revenue', label: 'Revenue' },
  { value: 'review', label: 'Reviews' },
  { value: 'run', label: 'Runs' },
  { value: 'schedule', label: 'Schedules' },
  { value: 'segmentation', label: 'Segment sets' },
  { value: 'tenant', label: 'Settings of the company' },
  { value: 'session', label: 'Signing in' },
  { value: 'target', label: 'Targets: released, stopped' },
  { value: 'token', label: 'API tokens' },
  { value: 'undo', label: 'Undo' },
  { value: 'pin', label: 'Values set by hand' },
];
