import type { SourceRecord } from '../../src/model/record.ts';
import type { Context, Page, PullRequest } from '../contract.ts';
import type { SalesforceConfig } from './config.ts';
import { cursorOf, nextSource } from './cursor.ts';
import { type SObject, sourcesOf } from './objects.ts';
import { ended, isEnd, passed, queryChanged } from './pull-changed.ts';
import { isTrue, tombstone } from './records.ts';
import { chunks, IDS_IN_QUERY, inList, isoOf, type Row, wholeQuery } from './soql.ts';

/** What went before we began is nothing to us; the recycle bin reaches back 15 days. */
const FIRST_REACH_MS = 15 * 86_400_000;

/**
 * Records that went to the recycle bin, or were merged or converted, in order of time. One that the bin has lost
 * already is found by reading all ids.
 */
export async function* pullDeleted(
  context: Context<SalesforceConfig>,
  { object, cursor: from }: PullRequest,
): AsyncGenerator<Page, void, void> {
  const sources = await sourcesOf(context, object);
  let cursor = cursorOf(from);
  for (;;) {
    const sobject = sources[cursor.source];
    if (sobject === undefined) {
      // It was hidden from us meanwhile.
      yield { records: [], cursor: { since: cursor.since }, done: true };
      return;
    }
    const since = cursor.since[sobject] ?? Date.now() - FIRST_REACH_MS;
    const isLead = sobject === 'Lead';
    const of = {
      select: goneColumns(sobject),
      from: sobject,
      where: [isLead ? '(IsDeleted = true OR IsConverted = true)' : 'IsDeleted = true'],
      withDeleted: true,
    };
    const page = await queryChanged(context, of, cursor, since);
    const records = await goneRecords(context, object, sobject, page.rows);
    cursor = passed(cursor, sobject, page);
    const isLast = isEnd(page);
    const done = isLast && cursor.source === sources.length - 1;
    if (isLast) cursor = nextSource(ended(cursor, sobject));
    yield { records, cursor: done ? { since: cursor.since } : cursor, done };
    if (done) return;
  }
}

/** What says where a record went. */
export function goneColumns(sobject: SObject): string[] {
  const common = ['Id', 'SystemModstamp', 'IsDeleted'];
  if (sobject === 'Opportunity') return common;
  if (sobject === 'Lead') return [...common, 'MasterRecordId', 'IsConverted', 'ConvertedContactId'];
  return [...common, 'MasterRecordId'];
}

/** Rows of the recycle bin, and converted leads, as records; a winner that lost later leads to its own winner. */
export async function goneRecords(
  context: Context<SalesforceConfig>,
  object: SourceRecord['object'],
  sobject: SObject,
  rows: Row[],
): Promise<SourceRecord[]> {
  const winners = new Map(rows.map((row) => [String(row('Id')), winnerOf(row)]));
  await followWinners(context, sobject, winners);
  return rows.map((row) => {
    const id = String(row('Id'));
    const updatedAt = isoOf(row('SystemModstamp')) ?? new Date().toISOString();
    return tombstone(object, sobject, id, updatedAt, lastWinner(winners, id));
  });
}

function winnerOf(row: Row): string | null {
  const master = row('MasterRecordId');
  if (typeof master === 'string') return master;
  const contact = row('ConvertedContactId');
  return isTrue(row('IsConverted')) && typeof contact === 'string' ? contact : null;
}

/** Adds what became of the winners, as far as they are gone too. */
async function followWinners(
  context: Context<SalesforceConfig>,
  sobject: SObject,
  winners: Map<string, string | null>,
): Promise<void> {
  let open = unknownWinners(winners);
  while (open.length > 0) {
    for (const ids of chunks(open, IDS_IN_QUERY)) {
      for (const id of ids) winners.set(id, null);
      // A converted lead's winner is a contact.
      const of = sobject === 'Lead' ? groupByPrefix(ids) : [{ from: sobject, ids }];
      for (const { from, ids: same } of of) {
        const soql = `SELECT Id, MasterRecordId FROM ${from} WHERE Id IN ${inList(same)} AND IsDeleted = true`;
        const rows = await wholeQuery(context, soql, { withDeleted: true });
        for (const row of rows) winners.set(String(row('Id')), winnerOf(row));
      }
    }
    open = unknownWinners(winners);
  }
}

const unknownWinners = (winners: Map<string, string | null>) =>
  [...new Set([...winners.values()].filter((id) => id !== null && !winners.has(id)))].flatMap(
    (id) => id ?? [],
  );

const groupByPrefix = (ids: string[]) => {
  const isContact = (id: string) => id.startsWith('003');
  return [
    { from: 'Contact', ids: ids.filter(isContact) },
    { from: 'Lead', ids: ids.filter((id) => !isContact(id)) },
  ].filter((group) => group.ids.length > 0);
};

function lastWinner(winners: Map<string, string | null>, id: string): string | null {
  const seen = new Set([id]);
  let winner = winners.get(id) ?? null;
  for (;;) {
    const next = winner === null ? null : (winners.get(winner) ?? null);
    if (next === null || seen.has(next)) return winner;
    seen.add(next);
    winner = next;
  }
}
