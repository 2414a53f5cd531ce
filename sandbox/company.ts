import { Dice } from './company/dice.ts';
import {
  HUBSPOT_PIPELINES,
  hubspotCompany,
  hubspotCompanyRef,
  hubspotContact,
  hubspotDeal,
} from './company/hubspot-shape.ts';
import { type Organisation, organisation } from './company/organisations.ts';
import { type Person, person } from './company/people.ts';
import { HUBSPOT_PROPERTIES, SALESFORCE_PROPERTIES } from './company/properties.ts';
import { type Deal, dealsOf } from './company/purchases.ts';
import {
  CURRENCIES,
  SALESFORCE_PIPELINES,
  salesforceAccount,
  salesforceAccountRef,
  salesforceContact,
  salesforceLead,
  salesforceOpportunity,
} from './company/salesforce-shape.ts';
import { traitsOf } from './company/traits.ts';
import { salesforceId } from './salesforce/ids.ts';
import type { SalesforceSeed } from './salesforce/load.ts';
import type { CrmSeed, SeedRow } from './seed.ts';

/**
 * A believable company in two CRMs: the same people and firms in both and in one, duplicates, shared mailboxes, deals with
 * several contacts and with none, opt-outs, gaps and dirt. The same seed gives the same company.
 */

export type CompanyOptions = {
  seed: number;
  /** Contacts in HubSpot, exactly; Salesforce has `salesforceShare` of that, and leads beside them. */
  contacts: number;
  asOf: Date;
  /** 0.6 by default; 0 leaves Salesforce empty. */
  salesforceShare?: number;
  /** 1 by default; 0 leaves HubSpot empty. */
  hubspotShare?: number;
};

const DAY_MS = 86_400_000;
const HISTORY_MS = 4 * 365 * DAY_MS;
/** Share of the smaller CRM's people who are also in the other one. */
const IN_BOTH = 0.65;
const FIRST_HUBSPOT_CONTACT = 100_001;
/** A shared mailbox is held by this many contacts of one firm. */
const MAILBOX_HOLDERS = 7;

export function generateCompany(options: CompanyOptions): { hubspot: CrmSeed; salesforce: SalesforceSeed } {
  const { seed, contacts, hubspotShare = 1, salesforceShare = 0.6 } = options;
  const asOf = options.asOf.getTime();
  const dice = new Dice(seed);
  const wanted = {
    hubspot: Math.round(contacts * hubspotShare),
    salesforce: Math.round(contacts * salesforceShare),
  };
  const from = asOf - HISTORY_MS;
  const organisations = Array.from({ length: Math.max(1, Math.ceil(contacts * 0.05)) }, (_, n) =>
    organisation(dice, n, from, asOf - 200 * DAY_MS),
  );
  const owners = OWNERS.map(({ name, email }, n) => ({ ref: String(n + 1), name, email }));
  const crm = {
    hubspot: emptySeed(owners, HUBSPOT_PIPELINES, HUBSPOT_PROPERTIES),
    salesforce: emptySeed(owners, SALESFORCE_PIPELINES, SALESFORCE_PROPERTIES),
  };

  // Bulk imports leave many records with one and the same second.
  const importedAt = asOf - 20 * DAY_MS;
  const updatedAt = (createdAt: number) =>
    createdAt < importedAt && dice.chance(0.15)
      ? importedAt
      : createdAt + (asOf - createdAt) * Math.sqrt(dice.next());
  const owner = () => dice.pick(owners).ref;

  const staff = new Map<Organisation, Person[]>();
  const mailboxes = new Map<Organisation, number>();
  const inHubspot = new Set<Organisation>();
  const inSalesforce = new Set<Organisation>();
  let dealCount = 0;
  let personCount = 0;
  const nextDeal = () => dealCount++;

  while (crm.hubspot.contacts.length < wanted.hubspot || crm.salesforce.contacts.length < wanted.salesforce) {
    const employer = dice.chance(0.45)
      ? (organisations[Math.floor(organisations.length * dice.next() ** 2)] ?? null)
      : null;
    const one = person(dice, personCount++, employer, from, asOf);
    settle(one);
    const traits = traitsOf(dice, one, asOf);
    const deals = dealsOf(dice, one, asOf, nextDeal);
    const colleagues = employer ? (staff.get(employer) ?? []) : [];
    if (one.hubspotRef) {
      if (employer) inHubspot.add(employer);
      crm.hubspot.contacts.push(
        hubspotContact(dice, one.hubspotRef, one, traits, deals, owner(), updatedAt(one.createdAt), asOf),
      );
      if (dice.chance(0.01) && crm.hubspot.contacts.length < wanted.hubspot) duplicateInHubspot(one);
    }
    if (one.salesforceRef) {
      if (employer) inSalesforce.add(employer);
      const email = mailboxOf(one) ?? one.email;
      crm.salesforce.contacts.push(
        salesforceContact(dice, one.salesforceRef, one, traits, email, owner(), updatedAt(one.createdAt)),
      );
      if (dice.chance(0.02) && crm.salesforce.contacts.length < wanted.salesforce) duplicateInSalesforce(one);
    }
    if (wanted.salesforce > 0 && dice.chance(one.salesforceRef ? 0.05 : 0.12)) {
      const ref = String(crm.salesforce.leads.length + 1);
      crm.salesforce.leads.push(salesforceLead(dice, ref, one, traits, owner(), updatedAt(one.createdAt)));
    }
    for (const deal of deals) enter(deal, one, colleagues);
    if (employer && colleagues.length < 30) {
      colleagues.push(one);
      staff.set(employer, colleagues);
    }
  }
  enterCompanies();
  return {
    hubspot: crm.hubspot,
    salesforce: {
      ...crm.salesforce,
      currencies: CURRENCIES,
      campaigns: campaigns(dice, crm.salesforce.contacts, asOf),
    },
  };

  /** Decides which CRM knows a person, and gives them their place there. */
  function settle(one: Person): void {
    const room = {
      hubspot: wanted.hubspot - crm.hubspot.contacts.length,
      salesforce: wanted.salesforce - crm.salesforce.contacts.length,
    };
    const both = Math.min(room.hubspot, room.salesforce) * IN_BOTH;
    const roll = dice.next() * (room.hubspot + room.salesforce - both);
    if (roll < room.hubspot) one.hubspotRef = String(FIRST_HUBSPOT_CONTACT + crm.hubspot.contacts.length);
    if (roll < both || roll >= room.hubspot) one.salesforceRef = String(crm.salesforce.contacts.length + 1);
    one.home = one.hubspotRef && (!one.salesforceRef || dice.chance(0.5)) ? 'hubspot' : 'salesforce';
  }

  /** HubSpot holds an address once: its duplicates have another one. */
  function duplicateInHubspot(one: Person): void {
    const ref = String(FIRST_HUBSPOT_CONTACT + crm.hubspot.contacts.length);
    const email = one.email?.replace('@', '+old@') ?? null;
    crm.hubspot.contacts.push(
      hubspotContact(
        dice,
        ref,
        { ...one, email, salesforceRef: null },
        {},
        [],
        owner(),
        updatedAt(one.createdAt),
        asOf,
      ),
    );
  }

  function duplicateInSalesforce(one: Person): void {
    const ref = String(crm.salesforce.contacts.length + 1);
    crm.salesforce.contacts.push(
      salesforceContact(
        dice,
        ref,
        one,
        {},
        one.email && ` ${one.email.toUpperCase()}`,
        owner(),
        updatedAt(one.createdAt),
      ),
    );
  }

  function mailboxOf({ organisation: firm }: Person): string | null {
    if (!firm || firm.n > 60 || firm.n % 4 !== 3) return null;
    const held = mailboxes.get(firm) ?? 0;
    mailboxes.set(firm, held + 1);
    return held < MAILBOX_HOLDERS ? `${firm.n % 8 === 3 ? 'info' : 'sales'}@${firm.domain}` : null;
  }

  /** Writes a deal down in the CRM that made it, and now and then in both. */
  function enter(deal: Deal, buyer: Person, colleagues: Person[]): void {
    const isMirrored = buyer.hubspotRef !== null && buyer.salesforceRef !== null && dice.chance(0.04);
    deal.others = deal.organisation && dice.chance(0.35) ? colleagues.slice(-dice.int(1, 3)) : [];
    deal.hasPrimary = dice.chance(0.8);
    const isNobodys = dice.chance(deal.organisation ? 0.06 : 0.01);
    if (isNobodys) deal.buyer = null;
    const stamp =
      deal.state === 'open'
        ? updatedAt(deal.createdAt)
        : Math.min(asOf, deal.closedAt + dice.next() * 2 * DAY_MS);
    if (isMirrored || buyer.home === 'hubspot') {
      const mirroredAs = isMirrored ? salesforceId('006', deal.n + 1) : null;
      const links = linksOf(deal, (one) => one.hubspotRef, hubspotCompanyRef);
      crm.hubspot.deals.push(hubspotDeal(dice, deal, owner(), stamp, mirroredAs, links));
    }
    if (isMirrored || buyer.home === 'salesforce') {
      // Contact roles are often left out.
      const isBare = deal.organisation !== null && dice.chance(0.15);
      const links = linksOf(
        isBare ? { ...deal, buyer: null, others: [] } : deal,
        (one) => one.salesforceRef,
        salesforceAccountRef,
      );
      crm.salesforce.deals.push(salesforceOpportunity(deal, owner(), stamp, links));
    }
    if (deal.organisation) (buyer.home === 'hubspot' ? inHubspot : inSalesforce).add(deal.organisation);
  }

  function linksOf(
    deal: Deal,
    contactRef: (one: Person) => string | null,
    companyRef: (one: Organisation) => string,
  ): SeedRow['links'] {
    const links: NonNullable<SeedRow['links']> = [];
    if (deal.organisation) links.push({ to: 'company', ref: companyRef(deal.organisation), primary: true });
    const buyerRef = deal.buyer && contactRef(deal.buyer);
    if (buyerRef)
      links.push({ to: 'contact', ref: buyerRef, primary: deal.hasPrimary, role: 'Decision Maker' });
    for (const one of deal.others) {
      const ref = contactRef(one);
      if (ref)
        links.push({ to: 'contact', ref, role: dice.pick(['Influencer', 'Evaluator', 'Business User']) });
    }
    return links.length ? links : undefined;
  }

  function enterCompanies(): void {
    for (const [known, isHubspot] of [
      [inHubspot, true],
      [inSalesforce, false],
    ] as const) {
      // A parent is there if its daughter is.
      for (const one of [...known])
        for (let up = parentOf(one); up && !known.has(up); up = parentOf(up)) known.add(up);
      for (const one of organisations) {
        if (!known.has(one)) continue;
        const stamp = updatedAt(one.createdAt);
        const row = isHubspot
          ? hubspotCompany(dice, one, parentOf(one), inSalesforce.has(one), owner(), stamp)
          : salesforceAccount(dice, one, parentOf(one), owner(), stamp);
        (isHubspot ? crm.hubspot : crm.salesforce).companies.push(row);
      }
    }
  }

  function parentOf(one: Organisation): Organisation | null {
    return one.parent === null ? null : (organisations[one.parent] ?? null);
  }
}

const OWNERS = ['Ann Archer', 'Ben Bishop', 'Carla Cruz', 'Dev Desai', 'Eva Engel', 'Farid Fox'].map(
  (name) => ({
    name,
    email: `${name.toLowerCase().replace(' ', '.')}@sandbox-trading.example`,
  }),
);

const emptySeed = (
  owners: CrmSeed['owners'],
  pipelines: CrmSeed['pipelines'],
  properties: CrmSeed['properties'],
): CrmSeed => ({
  contacts: [],
  companies: [],
  deals: [],
  leads: [],
  owners,
  pipelines,
  properties,
});

function campaigns(dice: Dice, contacts: SeedRow[], asOf: number): SalesforceSeed['campaigns'] {
  return ['Spring newsletter', 'Product webinar', 'Trade fair'].map((name, n) => ({
    ref: String(n + 1),
    properties: { Name: name, IsActive: n === 0, Type: n === 1 ? 'Webinar' : 'Email', Status: 'Completed' },
    createdAt: new Date(asOf - (n + 1) * 60 * DAY_MS).toISOString(),
    members: contacts
      .slice(0, 2000)
      .filter(() => dice.chance(0.1))
      .map((one) => ({
        contact: one.ref,
        status: dice.chance(0.2) ? 'Responded' : 'Sent',
        at: one.updatedAt,
      })),
  }));
}
