import type { SubjectType } from '../../model/attribute.ts';
import type { Reach } from '../../review/facts.ts';
import { quoted } from '../../store/identifier.ts';
import type { ReviewScene } from './scene.ts';

/** The channels of plays by how they reach somebody; others by whatever there is. */
const REACH_OF: Record<string, Reach> = {
  email: 'email',
  'e-mail': 'email',
  mail: 'email',
  ads: 'email',
  phone: 'phone',
  call: 'phone',
  sms: 'phone',
};

export function reachOf(channel: string | undefined): Reach {
  return REACH_OF[channel?.toLowerCase() ?? ''] ?? 'any';
}

/**
 * Whether a subject may be reached, as SQL: a valid address, with consent. A company is reached through any of its
 * people. Null where nothing feeds such an attribute.
 */
export function reachableSql(
  scene: ReviewScene,
  subject: SubjectType,
  by: Reach,
  alias = 's',
): string | null {
  const person = personReachable(scene, by, subject === 'person' ? alias : 'p');
  if (person === null || subject === 'person') return person;
  return `exists (select from ${scene.tenant.schema}.person p where p.company_id = ${alias}.id and ${person})`;
}

function personReachable(scene: ReviewScene, by: Reach, alias: string): string | null {
  const has = (key: string): boolean => scene.index.get('person', key) !== undefined;
  const column = (key: string): string => `${alias}.${quoted(key)}`;
  const refused = ['no_profiling', 'no_processing'].filter(has).map((key) => `${column(key)} is not true`);
  const email = has('email')
    ? [
        `${column('email')} is not null`,
        ...(has('email_opted_out') ? [`${column('email_opted_out')} is not true`] : []),
        ...(has('email_bounced_at') ? [`${column('email_bounced_at')} is null`] : []),
      ].join(' and ')
    : null;
  const numbers = ['phone', 'mobile_phone'].filter(has).map((key) => `${column(key)} is not null`);
  const phone =
    numbers.length === 0
      ? null
      : [
          `(${numbers.join(' or ')})`,
          ...(has('do_not_call') ? [`${column('do_not_call')} is not true`] : []),
        ].join(' and ');
  const ways = { email: [email], phone: [phone], any: [email, phone] }[by].filter((way) => way !== null);
  if (ways.length === 0) return null;
  return [`(${ways.map((way) => `(${way})`).join(' or ')})`, ...refused].join(' and ');
}
