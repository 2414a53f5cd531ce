import { InputError } from '../errors.ts';
import { normaliseEmail } from '../pipeline/unify/identity.ts';
import type { Who } from '../store/erasure.ts';

/**
 * Whom a text means: an e-mail address, `person:12`, or `record:CONNECTION/ID` as a CRM's webhook names somebody.
 * @throws InputError for anything else
 */
export function parseWho(text: string): Who {
  const given = text.trim();
  const person = /^person:(\d{1,18})$/.exec(given);
  if (person) return { personId: person[1] };
  const record = /^record:([^/\s]+)\/(.+)$/.exec(given);
  if (record?.[1] !== undefined && record[2] !== undefined)
    return { record: { connectionId: record[1], id: record[2] } };
  const email = given.includes('@') ? normaliseEmail(given) : null;
  if (email !== null) return { email };
  throw new InputError('person_unclear', `"${given}" does not say who is meant. Nothing was changed.`, {
    action: 'Give an e-mail address, person:ID, or record:CONNECTION/ID.',
  });
}
