import type { CrmSeed, SeedRow } from '../seed.ts';
import { type Field, type FieldType, field } from './fields.ts';
import { idSuffix, salesforceId, stampFrom, toId18 } from './ids.ts';
import type { Org } from './org.ts';
import type { Row, Value } from './table.ts';

/**
 * Fills an org from a seed, which it takes over: the rows live on in the org. Properties are field names; beyond them a contact or lead may carry
 * `Individual.HasOptedOutProfiling` (and its like), which makes an Individual, and a contact `IsPersonAccount`.
 */

export type SalesforceExtras = {
  /** Units of each currency for one of the corporate currency, from a day on; the last one is today's. */
  currencies?: { isoCode: string; corporate: boolean; rates: { from: string; rate: number }[] }[];
  campaigns?: {
    ref: string;
    properties: SeedRow['properties'];
    createdAt: string;
    members: { contact: string; status: string; at: string }[];
  }[];
};
export type SalesforceSeed = CrmSeed & SalesforceExtras;

const OBJECTS = { contact: 'Contact', company: 'Account', deal: 'Opportunity', lead: 'Lead' } as const;
type SeedObject = keyof typeof OBJECTS;

export function load(org: Org, seed: SalesforceSeed): void {
  const ids = new Map<string, string>();
  const id = (object: string, ref: string): string => {
    const { prefix } = org.object(object);
    // Digits and ids name themselves; remembering a million of them would cost more than the rows.
    if (/^\d{1,9}$/.test(ref)) return salesforceId(prefix, Number(ref));
    if (ref.startsWith(prefix) && toId18(ref)) return ref.slice(0, 15) + idSuffix(ref.slice(0, 15));
    const key = `${object}/${ref}`;
    const made = ids.get(key) ?? org.newId(prefix);
    ids.set(key, made);
    return made;
  };
  const row = (
    object: string,
    ref: string,
    createdAt: string,
    updatedAt: string,
    f: Record<string, Value>,
  ): Row => {
    f.CreatedDate = stampFrom(createdAt) ?? org.nowStamp();
    return { id: id(object, ref), stamp: stampFrom(updatedAt) ?? f.CreatedDate, f };
  };

  loadSettings(org, seed, row);
  addFields(org, seed);
  const people = seed.contacts.some((one) => one.properties.IsPersonAccount === true);
  if (people) org.enablePersonAccounts();

  const individuals: Row[] = [];
  /** The row's own values, in place: a copy of a million rows would not fit beside them. */
  const values = (object: SeedObject, seedRow: SeedRow): Record<string, Value> => {
    const { fields } = org.object(OBJECTS[object]);
    const f = seedRow.properties;
    let consent: Record<string, Value> | null = null;
    for (const name in f) {
      const value = f[name];
      if (value === undefined || value === null) continue;
      if (name.startsWith('Individual.')) {
        consent ??= {};
        consent[name.slice('Individual.'.length)] = value;
        continue;
      }
      const one = fieldOf(fields, name);
      if (!one && name !== 'IsPersonAccount') {
        throw new Error(`The seed sets ${name} of ${object} ${seedRow.ref}, which is no field of this org`);
      }
      if (value === '') f[name] = null;
      // Values of the seed are kept even when the API would not take them; instants get the org's own form.
      else if (one?.type === 'datetime' && typeof value === 'string') f[name] = stampFrom(value) ?? value;
      else if (one?.type === 'reference' && typeof value === 'string' && one.referenceTo[0])
        f[name] = id(one.referenceTo[0], value);
    }
    if (consent) {
      const { LastName = null, FirstName = null } = f;
      const one = row('Individual', `${object}-${seedRow.ref}`, seedRow.createdAt, seedRow.updatedAt, {
        ...consent,
        LastName,
        FirstName,
      });
      individuals.push(one);
      f.IndividualId = one.id;
    }
    return f;
  };

  const accounts: Row[] = seed.companies.map((one) =>
    row('Account', one.ref, one.createdAt, one.updatedAt, values('company', one)),
  );
  const contacts: Row[] = seed.contacts.map((one) => {
    const f = values('contact', one);
    const company = one.links?.find((link) => link.to === 'company');
    if (company) f.AccountId = id('Account', company.ref);
    const made = row('Contact', one.ref, one.createdAt, one.updatedAt, f);
    if (f.IsPersonAccount) {
      const account = row('Account', `person-${one.ref}`, one.createdAt, one.updatedAt, {
        IsPersonAccount: true,
        PersonContactId: made.id,
        OwnerId: f.OwnerId ?? org.userId,
      });
      f.AccountId = account.id;
      accounts.push(account);
    }
    return made;
  });
  org.table('Account').load(accounts);
  org.table('Contact').load(contacts);

  const roles: Row[] = [];
  const known = org.table('Contact').rows;
  const role = org.object('OpportunityContactRole');
  const opportunities: Row[] = seed.deals.map((one) => {
    const f = values('deal', one);
    const company = one.links?.find((link) => link.to === 'company');
    if (company) f.AccountId = id('Account', company.ref);
    const deal = row('Opportunity', one.ref, one.createdAt, one.updatedAt, f);
    for (const link of one.links ?? []) {
      if (link.to !== 'contact') continue;
      const contactId = id('Contact', link.ref);
      roles.push({
        id: org.newId(role.prefix),
        stamp: deal.stamp,
        f: {
          OpportunityId: deal.id,
          // The contact's own string: a second one for each role would be most of the role.
          ContactId: known.get(contactId)?.id ?? contactId,
          Role: link.role ?? null,
          IsPrimary: link.primary ?? false,
          CreatedDate: f.CreatedDate ?? null,
        },
      });
    }
    return deal;
  });
  org
    .table('Lead')
    .load(seed.leads.map((one) => row('Lead', one.ref, one.createdAt, one.updatedAt, values('lead', one))));
  org.table('Opportunity').load(opportunities);
  org.table('OpportunityContactRole').load(roles);
  org.table('Individual').load(individuals);
  for (const campaign of seed.campaigns ?? []) {
    const { CreatedDate: _, ...f } = campaign.properties;
    const made = org.insert(org.object('Campaign'), f);
    for (const { contact, status } of campaign.members) {
      const member = { CampaignId: made.id, ContactId: id('Contact', contact), Status: status };
      org.insert(org.object('CampaignMember'), member);
    }
  }
}

/** Field names come in their exact case by the million: the lower-case forms are kept. */
function fieldOf(fields: Map<string, Field>, name: string): Field | undefined {
  let lower = LOWER.get(name);
  if (lower === undefined) {
    lower = name.toLowerCase();
    LOWER.set(name, lower);
  }
  return fields.get(lower);
}
const LOWER = new Map<string, string>();

type MakeRow = (
  object: string,
  ref: string,
  createdAt: string,
  updatedAt: string,
  f: Record<string, Value>,
) => Row;

const LONG_AGO = '2015-01-01T00:00:00Z';

function loadSettings(org: Org, seed: SalesforceSeed, row: MakeRow): void {
  const put = (object: string, rows: { ref: string; f: Record<string, Value> }[]) =>
    org.table(object).load(rows.map(({ ref, f }) => row(object, ref, LONG_AGO, LONG_AGO, f)));
  const profileId = salesforceId('00e', 1);
  put('Organization', [
    {
      ref: org.orgId,
      f: {
        Name: 'Sandbox Trading Company',
        OrganizationType: 'Enterprise Edition',
        IsSandbox: false,
        InstanceName: 'SBX1',
        TimeZoneSidKey: 'America/New_York',
        DefaultLocaleSidKey: 'en_US',
        DefaultCurrencyIsoCode: seed.currencies?.find((one) => one.corporate)?.isoCode ?? 'USD',
        FiscalYearStartMonth: 1,
      },
    },
  ]);
  put('Profile', [{ ref: profileId, f: { Name: 'Salesforce API Only System Integrations' } }]);
  put('User', [
    {
      ref: org.userId,
      f: {
        Username: 'integration@example.com',
        Email: 'integration@example.com',
        FirstName: 'Integration',
        LastName: 'User',
        IsActive: true,
        ProfileId: profileId,
      },
    },
    ...seed.owners.map(({ ref, email, name }) => ({
      ref,
      f: {
        Username: email,
        Email: email,
        FirstName: name.split(' ')[0] ?? '',
        LastName: name.split(' ').slice(1).join(' '),
        IsActive: true,
        ProfileId: profileId,
      },
    })),
  ]);
  const own = salesforceId('0PS', 1);
  put('PermissionSet', [
    {
      ref: own,
      f: {
        Name: 'X00eProfile',
        Label: '00eProfile',
        IsOwnedByProfile: true,
        ProfileId: profileId,
        PermissionsViewAllData: true,
      },
    },
  ]);
  put('PermissionSetAssignment', [{ ref: '1', f: { AssigneeId: org.userId, PermissionSetId: own } }]);

  const stages = seed.pipelines.flatMap((pipeline) => pipeline.stages);
  const named = new Map(stages.map((stage) => [stage.label, stage]));
  put(
    'OpportunityStage',
    [...named.values()].map((stage, n) => ({
      ref: String(n + 1),
      f: {
        MasterLabel: stage.label,
        ApiName: stage.label,
        IsActive: true,
        IsClosed: stage.isClosed,
        IsWon: stage.isWon,
        SortOrder: n + 1,
        DefaultProbability: stage.isWon
          ? 100
          : stage.isClosed
            ? 0
            : Math.round(((n + 1) * 100) / (named.size + 1)),
      },
    })),
  );
  const stageField = org.object('Opportunity').fields.get('stagename');
  if (stageField)
    stageField.picklist = [...named.keys()].map((value) => ({
      value,
      label: value,
      active: true,
      defaultValue: false,
    }));
  put(
    'RecordType',
    seed.pipelines.map(({ id, label }) => ({
      ref: id,
      f: {
        Name: label,
        DeveloperName: label.replace(/\W+/g, '_'),
        SobjectType: 'Opportunity',
        IsActive: true,
      },
    })),
  );
  const dated = (seed.currencies ?? []).flatMap((one) =>
    one.rates.map((rate, n) => ({ one, rate, next: one.rates[n + 1] })),
  );
  put(
    'CurrencyType',
    (seed.currencies ?? []).map(({ isoCode, corporate, rates }, n) => ({
      ref: String(n + 1),
      f: {
        IsoCode: isoCode,
        ConversionRate: rates.at(-1)?.rate ?? 1,
        DecimalPlaces: 2,
        IsActive: true,
        IsCorporate: corporate,
      },
    })),
  );
  put(
    'DatedConversionRate',
    dated.map(({ one, rate, next }, n) => ({
      ref: String(n + 1),
      f: {
        IsoCode: one.isoCode,
        StartDate: rate.from,
        NextStartDate: next?.from ?? '9999-12-31',
        ConversionRate: rate.rate,
      },
    })),
  );
}

const TYPES = new Set<string>([
  'string',
  'textarea',
  'email',
  'phone',
  'url',
  'boolean',
  'int',
  'double',
  'currency',
  'percent',
  'date',
  'datetime',
  'picklist',
  'multipicklist',
]);
const isFieldType = (type: string): type is FieldType => TYPES.has(type);

function addFields(org: Org, seed: SalesforceSeed): void {
  const own = salesforceId('0PS', 1);
  for (const { object, name, label, type, options = [] } of seed.properties) {
    if (!isFieldType(type)) throw new Error(`Unknown Salesforce field type ${type} of ${name}`);
    const target = org.object(OBJECTS[object]);
    const values = options.map((option) => ({ ...option, active: true, defaultValue: false }));
    org.addField(target, field(name, type, { label, picklist: values, id: org.newId('00N') }));
    grant(org, own, target.name, name);
  }
}

/** Lets the holders of a permission set see and change a field. */
export function grant(org: Org, permissionSetId: string, object: string, name: string): void {
  const values = {
    ParentId: permissionSetId,
    SobjectType: object,
    Field: `${object}.${name}`,
    PermissionsRead: true,
    PermissionsEdit: true,
  };
  org.insert(org.object('FieldPermissions'), values);
}
