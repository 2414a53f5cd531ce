import { computed, type Field, field, SYSTEM_FIELDS, text } from './fields.ts';

/** The standard objects of the org, as data: key prefix, label and fields. */

export type SObject = {
  name: string;
  label: string;
  prefix: string;
  createable: boolean;
  mergeable: boolean;
  required: string[];
  /** By lower-case name: SOQL and REST do not care about case. */
  fields: Map<string, Field>;
};

const CURRENCIES = ['USD', 'EUR', 'GBP'];
const INDUSTRIES =
  'Agriculture Banking Biotechnology Construction Consulting Education Energy Engineering Finance Healthcare Hospitality Insurance Manufacturing Media Retail Technology Telecommunications Transportation Utilities'.split(
    ' ',
  );
const SOURCES = ['Web', 'Phone Inquiry', 'Partner Referral', 'Purchased List', 'Trade Show', 'Other'];
const owner = field('OwnerId', 'reference', { to: 'User', nillable: false });
const currency = field('CurrencyIsoCode', 'picklist', { values: CURRENCIES, restricted: true, length: 3 });

const address = (prefix: string) => {
  const compound = `${prefix}Address`;
  return [
    field(`${prefix}Street`, 'textarea', { length: 255, compound }),
    text(`${prefix}City`, 40, { compound }),
    text(`${prefix}State`, 80, { compound }),
    text(`${prefix}PostalCode`, 20, { compound }),
    text(`${prefix}Country`, 80, { compound }),
    computed(compound, 'address'),
  ];
};

const personName = [
  text('FirstName', 40),
  text('LastName', 80, { nillable: false }),
  field('Salutation', 'picklist', { values: ['Mr.', 'Ms.', 'Mrs.', 'Dr.', 'Prof.'] }),
  computed('Name', 'string', { length: 121 }),
];

const reachAndConsent = [
  field('Email', 'email'),
  field('Phone', 'phone'),
  field('MobilePhone', 'phone'),
  field('HasOptedOutOfEmail', 'boolean'),
  field('HasOptedOutOfFax', 'boolean'),
  field('DoNotCall', 'boolean'),
  field('IndividualId', 'reference', { to: 'Individual' }),
  field('LeadSource', 'picklist', { values: SOURCES }),
  text('Title', 128),
  field('Description', 'textarea'),
  computed('EmailBouncedDate', 'datetime'),
  text('EmailBouncedReason', 255),
  computed('LastActivityDate', 'date'),
];

type Definition = {
  label?: string;
  prefix: string;
  fields: Field[];
  required?: string[];
  createable?: boolean;
  mergeable?: boolean;
};

const DEFINITIONS: Record<string, Definition> = {
  Contact: {
    prefix: '003',
    mergeable: true,
    required: ['LastName'],
    fields: [
      ...personName,
      ...reachAndConsent,
      ...address('Mailing'),
      field('AccountId', 'reference', { to: 'Account' }),
      owner,
      currency,
      text('Department', 80),
      field('Birthdate', 'date'),
      computed('MasterRecordId', 'reference', { to: 'Contact', relationshipName: 'MasterRecord' }),
      computed('IsPersonAccount', 'boolean'),
      field('ReportsToId', 'reference', { to: 'Contact' }),
    ],
  },
  Lead: {
    prefix: '00Q',
    mergeable: true,
    required: ['LastName', 'Company'],
    fields: [
      ...personName,
      ...reachAndConsent,
      ...address(''),
      text('Company', 255, { nillable: false }),
      field('Website', 'url'),
      field('Industry', 'picklist', { values: INDUSTRIES }),
      field('NumberOfEmployees', 'int'),
      field('AnnualRevenue', 'currency'),
      field('Rating', 'picklist', { values: ['Hot', 'Warm', 'Cold'] }),
      field('Status', 'picklist', {
        values: [
          'Open - Not Contacted',
          'Working - Contacted',
          'Closed - Converted',
          'Closed - Not Converted',
        ],
      }),
      owner,
      currency,
      computed('IsConverted', 'boolean'),
      computed('ConvertedDate', 'date'),
      computed('ConvertedContactId', 'reference', { to: 'Contact' }),
      computed('ConvertedAccountId', 'reference', { to: 'Account' }),
      computed('ConvertedOpportunityId', 'reference', { to: 'Opportunity' }),
      computed('MasterRecordId', 'reference', { to: 'Lead', relationshipName: 'MasterRecord' }),
    ],
  },
  Account: {
    prefix: '001',
    mergeable: true,
    required: ['Name'],
    fields: [
      text('Name', 255, { nillable: false }),
      field('Type', 'picklist', {
        values: ['Prospect', 'Customer - Direct', 'Customer - Channel', 'Partner', 'Other'],
      }),
      field('ParentId', 'reference', { to: 'Account' }),
      field('Website', 'url'),
      field('Phone', 'phone'),
      field('Industry', 'picklist', { values: INDUSTRIES }),
      field('NumberOfEmployees', 'int'),
      field('AnnualRevenue', 'currency'),
      field('Rating', 'picklist', { values: ['Hot', 'Warm', 'Cold'] }),
      field('AccountSource', 'picklist', { values: SOURCES }),
      field('Description', 'textarea'),
      computed('LastActivityDate', 'date'),
      ...address('Billing'),
      owner,
      currency,
      computed('MasterRecordId', 'reference', { to: 'Account', relationshipName: 'MasterRecord' }),
    ],
  },
  Opportunity: {
    prefix: '006',
    label: 'Opportunity',
    required: ['Name', 'StageName', 'CloseDate'],
    fields: [
      text('Name', 120, { nillable: false }),
      field('AccountId', 'reference', { to: 'Account' }),
      field('RecordTypeId', 'reference', { to: 'RecordType' }),
      field('Amount', 'currency'),
      currency,
      field('CloseDate', 'date', { nillable: false }),
      field('StageName', 'picklist', { nillable: false }),
      computed('IsWon', 'boolean'),
      computed('IsClosed', 'boolean'),
      field('Probability', 'percent'),
      field('Type', 'picklist', { values: ['New Business', 'Existing Business', 'Renewal', 'Refund'] }),
      field('LeadSource', 'picklist', { values: SOURCES }),
      field('Description', 'textarea'),
      field('ContactId', 'reference', { to: 'Contact', updateable: false }),
      owner,
    ],
  },
  OpportunityContactRole: {
    prefix: '00K',
    label: 'Opportunity Contact Role',
    required: ['OpportunityId', 'ContactId'],
    fields: [
      field('OpportunityId', 'reference', { to: 'Opportunity', updateable: false, nillable: false }),
      field('ContactId', 'reference', { to: 'Contact', nillable: false }),
      field('Role', 'picklist', {
        values: [
          'Business User',
          'Decision Maker',
          'Economic Buyer',
          'Evaluator',
          'Executive Sponsor',
          'Influencer',
          'Other',
        ],
      }),
      field('IsPrimary', 'boolean'),
    ],
  },
  Campaign: {
    prefix: '701',
    required: ['Name'],
    fields: [
      text('Name', 80, { nillable: false }),
      field('IsActive', 'boolean'),
      field('Type', 'picklist', { values: ['Conference', 'Webinar', 'Email', 'Partners', 'Other'] }),
      field('Status', 'picklist', { values: ['Planned', 'In Progress', 'Completed', 'Aborted'] }),
      field('StartDate', 'date'),
      field('EndDate', 'date'),
      field('ParentId', 'reference', { to: 'Campaign' }),
      field('Description', 'textarea'),
      computed('NumberOfContacts', 'int'),
      computed('NumberOfLeads', 'int'),
      owner,
      currency,
    ],
  },
  CampaignMember: {
    prefix: '00v',
    label: 'Campaign Member',
    required: ['CampaignId'],
    fields: [
      field('CampaignId', 'reference', { to: 'Campaign', updateable: false, nillable: false }),
      field('ContactId', 'reference', { to: 'Contact', updateable: false }),
      field('LeadId', 'reference', { to: 'Lead', updateable: false }),
      field('Status', 'picklist'),
      computed('HasResponded', 'boolean'),
      computed('LeadOrContactId', 'reference'),
      computed('Email', 'email'),
    ],
  },
  CampaignMemberStatus: {
    prefix: '01Y',
    label: 'Campaign Member Status',
    required: ['CampaignId', 'Label'],
    fields: [
      field('CampaignId', 'reference', { to: 'Campaign', updateable: false, nillable: false }),
      text('Label', 765, { nillable: false }),
      field('SortOrder', 'int'),
      field('IsDefault', 'boolean'),
      field('HasResponded', 'boolean'),
    ],
  },
  Task: {
    prefix: '00T',
    fields: [
      text('Subject', 255),
      field('Description', 'textarea'),
      field('ActivityDate', 'date'),
      field('Status', 'picklist', {
        values: ['Not Started', 'In Progress', 'Completed', 'Waiting on someone else', 'Deferred'],
      }),
      field('Priority', 'picklist', { values: ['High', 'Normal', 'Low'] }),
      field('WhoId', 'reference', { referenceTo: ['Contact', 'Lead'] }),
      field('WhatId', 'reference', { referenceTo: ['Account', 'Opportunity', 'Campaign'] }),
      owner,
    ],
  },
  Individual: {
    prefix: '0PK',
    required: ['LastName'],
    fields: [
      ...personName,
      ...['HasOptedOutProcessing', 'HasOptedOutProfiling', 'HasOptedOutSolicit', 'HasOptedOutTracking'].map(
        (n) => field(n, 'boolean'),
      ),
      ...['HasOptedOutGeoTracking', 'ShouldForget', 'SendIndividualData', 'CanStorePiiElsewhere'].map((n) =>
        field(n, 'boolean'),
      ),
      owner,
    ],
  },
  User: {
    prefix: '005',
    createable: false,
    fields: [
      text('Username', 80),
      field('Email', 'email'),
      text('FirstName', 40),
      text('LastName', 80),
      computed('Name', 'string'),
      field('IsActive', 'boolean'),
      field('ProfileId', 'reference', { to: 'Profile' }),
    ],
  },
  Profile: { prefix: '00e', createable: false, fields: [text('Name')] },
  Organization: {
    prefix: '00D',
    createable: false,
    fields: [
      text('Name', 80),
      text('OrganizationType', 40),
      field('IsSandbox', 'boolean'),
      text('InstanceName', 5),
      text('TimeZoneSidKey', 40),
      text('DefaultLocaleSidKey', 40),
      text('DefaultCurrencyIsoCode', 3),
      field('FiscalYearStartMonth', 'int'),
    ],
  },
  RecordType: {
    prefix: '012',
    label: 'Record Type',
    createable: false,
    fields: [
      text('Name', 80),
      text('DeveloperName', 80),
      text('SobjectType', 40),
      field('IsActive', 'boolean'),
    ],
  },
  OpportunityStage: {
    prefix: '01J',
    label: 'Opportunity Stage',
    createable: false,
    fields: [
      text('MasterLabel'),
      text('ApiName'),
      field('IsActive', 'boolean'),
      field('IsClosed', 'boolean'),
      field('IsWon', 'boolean'),
      field('SortOrder', 'int'),
      field('DefaultProbability', 'percent'),
    ],
  },
  CurrencyType: {
    prefix: '01L',
    label: 'Currency Type',
    createable: false,
    fields: [
      text('IsoCode', 3),
      field('ConversionRate', 'double', { scale: 6 }),
      field('DecimalPlaces', 'int'),
      field('IsActive', 'boolean'),
      field('IsCorporate', 'boolean'),
    ],
  },
  DatedConversionRate: {
    prefix: '04w',
    label: 'Dated Conversion Rate',
    createable: false,
    fields: [
      text('IsoCode', 3),
      field('StartDate', 'date'),
      field('NextStartDate', 'date'),
      field('ConversionRate', 'double', { scale: 6 }),
    ],
  },
  PermissionSet: {
    prefix: '0PS',
    label: 'Permission Set',
    required: ['Name', 'Label'],
    fields: [
      text('Name', 80, { nillable: false }),
      text('Label', 80, { nillable: false }),
      text('Description', 255),
      computed('NamespacePrefix', 'string'),
      computed('IsOwnedByProfile', 'boolean'),
      field('PermissionsViewAllData', 'boolean'),
      computed('ProfileId', 'reference', { to: 'Profile' }),
    ],
  },
  PermissionSetAssignment: {
    prefix: '0Pa',
    label: 'Permission Set Assignment',
    required: ['AssigneeId', 'PermissionSetId'],
    fields: [
      field('AssigneeId', 'reference', { to: 'User', nillable: false }),
      field('PermissionSetId', 'reference', { to: 'PermissionSet', nillable: false }),
    ],
  },
  ObjectPermissions: {
    prefix: '110',
    label: 'Object Permissions',
    required: ['ParentId', 'SobjectType'],
    fields: [
      field('ParentId', 'reference', { to: 'PermissionSet', nillable: false }),
      text('SobjectType', 80, { nillable: false }),
      field('PermissionsRead', 'boolean'),
      field('PermissionsEdit', 'boolean'),
      field('PermissionsViewAllRecords', 'boolean'),
    ],
  },
  FieldPermissions: {
    prefix: '01k',
    label: 'Field Permissions',
    required: ['ParentId', 'SobjectType', 'Field'],
    fields: [
      field('ParentId', 'reference', { to: 'PermissionSet', nillable: false }),
      text('SobjectType', 80, { nillable: false }),
      text('Field', 255, { nillable: false }),
      field('PermissionsRead', 'boolean'),
      field('PermissionsEdit', 'boolean'),
    ],
  },
  ListView: {
    prefix: '00B',
    label: 'List View',
    createable: false,
    fields: [
      text('Name', 40),
      text('DeveloperName', 80),
      text('SobjectType', 40),
      text('NamespacePrefix', 15),
    ],
  },
};

/** On Account, once person accounts are on: the field there, and the contact field behind it. */
export const PERSON_FIELDS: Record<string, string> = {
  FirstName: 'FirstName',
  LastName: 'LastName',
  Salutation: 'Salutation',
  PersonEmail: 'Email',
  PersonMobilePhone: 'MobilePhone',
  PersonTitle: 'Title',
  PersonDepartment: 'Department',
  PersonBirthdate: 'Birthdate',
  PersonLeadSource: 'LeadSource',
  PersonHasOptedOutOfEmail: 'HasOptedOutOfEmail',
  PersonHasOptedOutOfFax: 'HasOptedOutOfFax',
  PersonDoNotCall: 'DoNotCall',
  PersonIndividualId: 'IndividualId',
  PersonMailingStreet: 'MailingStreet',
  PersonMailingCity: 'MailingCity',
  PersonMailingState: 'MailingState',
  PersonMailingPostalCode: 'MailingPostalCode',
  PersonMailingCountry: 'MailingCountry',
};

/** A fresh schema; each org changes its own. */
export function standardObjects(): Map<string, SObject> {
  const objects = new Map<string, SObject>();
  for (const [name, definition] of Object.entries(DEFINITIONS)) {
    const fields = new Map<string, Field>();
    for (const one of [...SYSTEM_FIELDS, ...definition.fields])
      fields.set(one.name.toLowerCase(), { ...one, picklist: one.picklist.map((v) => ({ ...v })) });
    const { label = name, prefix, required = [], createable = true, mergeable = false } = definition;
    objects.set(name, { name, label, prefix, createable, mergeable, required, fields });
  }
  return objects;
}
