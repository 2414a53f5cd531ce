import { hubspot } from '@hubspot/ui-extensions';
import { CARD_URL, OBJECT_TYPES } from './address.ts';
import { CardAnswer } from './card-answer.ts';

/** What asking for a record's card came to. Failures say what happened, what is safe and what to do. */
export type Reading =
  | { kind: 'answer'; answer: CardAnswer }
  /** The workspace does not know this account. */
  | { kind: 'signed_out' }
  | { kind: 'failed'; message: string; action: string };

/** HubSpot itself gives up after 15 s; somebody looking at a record before that. */
const TIMEOUT_MS = 10_000;

export async function readCard(record: { objectId: number; objectTypeId: string }): Promise<Reading> {
  const objectType = OBJECT_TYPES[record.objectTypeId];
  if (objectType === undefined) {
    return failed(
      'Segments are kept for contacts and companies only',
      'An admin can take this card off the records of other objects.',
    );
  }
  const query = new URLSearchParams({ objectType, objectId: String(record.objectId) });
  let response: Response;
  try {
    // HubSpot adds the account and the user, and signs the request.
    response = await hubspot.fetch(`${CARD_URL}?${query}`, { method: 'GET', timeout: TIMEOUT_MS });
  } catch {
    return failed(
      'Segment Sync could not be reached',
      'Nothing is lost; the labels among the properties of this record stay as they are. Try again in a minute.',
    );
  }
  if (response.status === 403) return { kind: 'signed_out' };
  if (response.status === 401) {
    return failed(
      'Segment Sync could not make sure that HubSpot asked',
      'Whoever looks after Segment Sync should compare its public address and the secret of the app with those in HubSpot.',
    );
  }
  if (response.status === 429) return failed('Too many cards are open at once', 'Try again in a moment.');
  if (!response.ok) {
    return failed(
      `Segment Sync answered with an error (${response.status})`,
      'Nothing is lost; the labels among the properties of this record stay as they are. Try again in a minute.',
    );
  }
  const parsed = CardAnswer.safeParse(await jsonOf(response));
  if (parsed.success) return { kind: 'answer', answer: parsed.data };
  return failed(
    'This card and Segment Sync are of different versions',
    'Reload the page. If it stays, ask your admin to update the app.',
  );
}

const failed = (message: string, action: string): Reading => ({ kind: 'failed', message, action });

async function jsonOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    // A page of something in between, such as a proxy's: the schema says no to it.
    return undefined;
  }
}
