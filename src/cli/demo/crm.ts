import { z } from 'zod';
import type { OAuthApp, OAuthSecret } from '../../../connectors/contract.ts';
import type { HubspotAdmin } from '../../../sandbox/hubspot/admin.ts';
import type { JournalTotals } from '../../../sandbox/journal.ts';
import { remoteSandbox } from '../../../sandbox/remote.ts';
import type { SalesforceAdmin } from '../../../sandbox/salesforce/admin.ts';
import type { ObjectType } from '../../model/record.ts';
import type { StartedSandbox } from '../sandbox.ts';

/** A record as the CRM itself shows it, by the CRM's own names. */
export type CrmRecord = { object: ObjectType; id: string; kind: string; values: Record<string, unknown> };

/** A label property of ours, for the hand edit. */
export type LabelProperty = { object: ObjectType; name: string; values: string[] };

/** A stand-in CRM as the demo uses it: what a person at that company could do, and a look at everything it holds. */
export type DemoCrm = {
  system: 'hubspot' | 'salesforce';
  name: string;
  app: OAuthApp;
  config: Record<string, unknown>;
  secret: OAuthSecret;
  limit: string;
  journal(): Promise<JournalTotals>;
  /** Changes things as people do: new deals, a merge, a delete, an opt-out, an edit by hand. Says what it did. */
  change(label: LabelProperty | undefined, asOf: Date): Promise<string[]>;
  /** Every live record of an object, page by page. Not counted as calls. */
  readBack(object: ObjectType): AsyncGenerator<CrmRecord[]>;
  /** The members of a list or campaign that we made, by its id there. */
  members(listId: string): Promise<string[]>;
};

export function demoCrms(started: StartedSandbox): DemoCrm[] {
  return [
    started.hubspot && hubspotCrm(started.hubspot),
    started.salesforce && salesforceCrm(started.salesforce),
  ].filter((crm) => crm !== null);
}

/** How many change in one round. */
const CHANGED = 6;

/** Where those begin who change: not with the first, who are shown before, unless there are few. */
const firstOf = (people: number, wanted: number) => Math.max(0, Math.min(wanted, people - CHANGED));

const day = (date: Date) => date.toISOString().slice(0, 10);

function hubspotCrm(place: NonNullable<StartedSandbox['hubspot']>): DemoCrm {
  const { admin, journal } = remoteSandbox<HubspotAdmin>(place.url);
  return {
    system: 'hubspot',
    name: 'HubSpot',
    app: place.app,
    config: { apiUrl: place.url },
    secret: {
      accessToken: place.install.accessToken,
      refreshToken: place.install.refreshToken,
      expiresAt: new Date(Date.now() + place.install.expiresIn * 1000).toISOString(),
      apiUrl: place.url,
    },
    limit: '110 calls in 10 s, search 5 a second',
    journal,
    change: async (label, asOf) => {
      const { records } = await admin.records('contact', null, 200);
      const live = records.filter(({ archived }) => !archived);
      const [buyer, winner, loser, leaver, silent, edited] = live.slice(firstOf(live.length, 10));
      const done: string[] = [];
      if (buyer) {
        for (const amount of [480, 1250]) {
          const deal = await admin.createRecord('deal', {
            dealname: `Order of ${day(asOf)}`,
            amount,
            dealstage: 'closedwon',
            pipeline: 'default',
            closedate: new Date(asOf.getTime() - 3_600_000).toISOString(),
          });
          await admin.associate('deal', deal, 'contact', buyer.id);
        }
        done.push('two won deals of one customer');
      }
      if (winner && loser) {
        await admin.merge('contact', winner.id, loser.id);
        done.push('two contacts merged');
      }
      if (leaver) {
        await admin.archive('contact', leaver.id);
        done.push('a contact deleted');
      }
      if (silent) {
        await admin.setProperties('contact', silent.id, { hs_email_optout: 'true' });
        done.push('an opt-out from e-mail');
      }
      if (edited && label?.object === 'contact') {
        const now = String(edited.properties[label.name] ?? '');
        const other = label.values.find((value) => value !== now);
        if (other) {
          await admin.setProperties('contact', edited.id, { [label.name]: other });
          done.push(`a label changed by hand (${label.name})`);
        }
      }
      return done;
    },
    readBack: async function* (object) {
      for (let after: string | null = null; ; ) {
        const page: Awaited<ReturnType<typeof admin.records>> = await admin.records(object, after, 1_000);
        yield page.records
          .filter(({ archived }) => !archived)
          .map(({ id, properties }) => ({ object, id, kind: object, values: properties }));
        if (page.after === null) return;
        after = page.after;
      }
    },
    members: (listId) => admin.listMembers(listId),
  };
}

const SOBJECTS: Record<ObjectType, string[]> = {
  contact: ['Contact', 'Lead'],
  company: ['Account'],
  deal: ['Opportunity'],
};

function salesforceCrm(place: NonNullable<StartedSandbox['salesforce']>): DemoCrm {
  const { admin, journal } = remoteSandbox<SalesforceAdmin>(place.url);
  return {
    system: 'salesforce',
    name: 'Salesforce',
    app: place.app,
    config: { loginUrl: place.url },
    secret: {
      accessToken: place.install.accessToken,
      refreshToken: place.install.refreshToken,
      expiresAt: null,
      apiUrl: place.install.instanceUrl,
    },
    limit: "20% of the organisation's calls a day",
    journal,
    change: async (label, asOf) => {
      const contacts = (await admin.allRecords('Contact')).filter((row) => row.IsPersonAccount !== true);
      const [buyer, winner, loser, leaver, silent, edited] = contacts.slice(firstOf(contacts.length, 20));
      const done: string[] = [];
      if (buyer) {
        const deal = await admin.create('Opportunity', {
          Name: `Renewal of ${day(asOf)}`,
          StageName: 'Closed Won',
          CloseDate: day(new Date(asOf.getTime() - 86_400_000)),
          Amount: 2400,
          AccountId: z.string().nullable().catch(null).parse(buyer.AccountId),
        });
        await admin.create('OpportunityContactRole', {
          OpportunityId: deal,
          ContactId: buyer.Id,
          IsPrimary: true,
        });
        done.push('a won opportunity with its contact role');
      }
      if (winner && loser) {
        await admin.merge(winner.Id, [loser.Id]);
        done.push('two contacts merged');
      }
      if (leaver) {
        await admin.delete(leaver.Id);
        done.push('a contact deleted');
      }
      if (silent) {
        await admin.update(silent.Id, { HasOptedOutOfEmail: true });
        done.push('an opt-out from e-mail');
      }
      if (edited && label?.object === 'contact') {
        const now = String(edited[label.name] ?? '');
        const other = label.values.find((value) => value !== now);
        if (other) {
          await admin.update(edited.Id, { [label.name]: other });
          done.push(`a label changed by hand (${label.name})`);
        }
      }
      return done;
    },
    readBack: async function* (object) {
      for (const sobject of SOBJECTS[object]) {
        const rows = await admin.allRecords(sobject);
        yield rows.map((row) => ({
          object,
          id: row.Id,
          kind: row.IsPersonAccount === true ? 'person_account' : sobject.toLowerCase(),
          values: row,
        }));
      }
    },
    members: async (listId) => {
      const campaigns = await admin.campaigns();
      const members = campaigns.find(({ id }) => id === listId)?.members ?? [];
      return members
        .filter(({ status }) => status !== 'Left')
        .map(({ contactId, leadId }) => contactId ?? leadId ?? '');
    },
  };
}
