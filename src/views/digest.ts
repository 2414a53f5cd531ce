import type { Queryable } from '../store/pool.ts';
import type { Tenant } from '../store/tenant.ts';
import { type OwnCustomer, ownAtRisk, ownNew } from './reps.ts';

/** Longer mails are not read. */
const MOST = 10;
const DAYS = 7;

export type Digest = { subject: string; text: string };

/**
 * What an owner should know of their customers this week, at most ten by value: those who are about to be lost, then
 * those who are new in a segment. Null where there is nothing to tell: no mail is better than an empty one.
 */
export async function readDigest(
  db: Queryable,
  tenant: Tenant,
  email: string,
  options: { at: Date; publicUrl: string },
): Promise<Digest | null> {
  const since = new Date(options.at.getTime() - DAYS * 86_400_000);
  const risks = (await ownAtRisk(db, tenant, email, MOST)).items;
  const known = new Set(risks.map(nameOf));
  const fresh = (await ownNew(db, tenant, email, since, 2 * MOST)).items
    .filter((one) => !known.has(nameOf(one)))
    .slice(0, MOST - risks.length);
  if (risks.length + fresh.length === 0) return null;
  const lines = (heading: string, items: OwnCustomer[]) =>
    items.length === 0 ? [] : [heading, ...items.map((item) => describe(item, options.publicUrl))];
  return {
    subject:
      risks.length > 0
        ? `${risks.length} of your customers ${risks.length === 1 ? 'needs' : 'need'} you`
        : `${fresh.length} of your customers ${fresh.length === 1 ? 'is' : 'are'} new in a segment`,
    text: [
      ...lines('About to be lost', risks),
      ...lines('New in a segment this week', fresh),
      `You get this once a week because you own these customers in the CRM. Turn it off: ${options.publicUrl}/settings`,
    ].join('\n\n'),
  };
}

const nameOf = ({ subject, id }: OwnCustomer): string => `${subject} ${id}`;

function describe({ subject, id, name, labels }: OwnCustomer, publicUrl: string): string {
  const plays = labels.flatMap(({ play }) =>
    play === null ? [] : [[play.channel, play.message].filter(Boolean).join(': ')],
  );
  return [
    `- ${name ?? `${subject} ${id}`}: ${labels.map((label) => label.name).join(', ')}`,
    ...[...new Set(plays)].filter((play) => play !== '').map((play) => `  ${play}`),
    `  ${publicUrl}/customers/${subject}/${id}`,
  ].join('\n');
}
