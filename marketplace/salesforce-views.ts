import { MARKER, OUR_PREFIX } from '../connectors/salesforce/app.ts';
import { metadataFile } from '../connectors/salesforce/bundle.ts';
import { titled, type Wanted } from '../connectors/salesforce/field-plan.ts';
import { APP, APP_LABEL, SETUP_TAB } from './salesforce-access.ts';
import { fieldsOn, SOBJECTS, type SObject } from './salesforce-fields.ts';

/** What each object is called in a list view and a report; list views have names of their own for standard fields. */
const FACTS: Record<SObject, { columns: string[]; report: string[]; category: string; many: string }> = {
  Contact: {
    columns: ['FULL_NAME', 'ACCOUNT.NAME', 'CONTACT.EMAIL', 'CONTACT.PHONE1'],
    report: ['Name', 'Title', 'Email', 'Account', 'Owner'],
    category: 'accounts',
    many: 'Contacts',
  },
  Lead: {
    columns: ['FULL_NAME', 'LEAD.COMPANY', 'LEAD.EMAIL', 'LEAD.PHONE'],
    report: ['Name', 'Title', 'Email', 'Company', 'Owner'],
    category: 'leads',
    many: 'Leads',
  },
  Account: {
    columns: ['ACCOUNT.NAME', 'ACCOUNT.TYPE', 'ACCOUNT.INDUSTRY'],
    report: ['Name', 'Type', 'Industry', 'Owner'],
    category: 'accounts',
    many: 'Accounts',
  },
};

/** Whom a rep had better call, by the built-in segmentations. */
const ATTENTION: readonly { segmentation: string; segments: string[] }[] = [
  { segmentation: 'rfm', segments: ['at_risk', 'cant_lose'] },
  { segmentation: 'churn', segments: ['slipping'] },
  { segmentation: 'value_at_risk', segments: ['call'] },
];

const fieldOf = (fields: Wanted[], segmentation: string): Wanted => {
  const name = `${OUR_PREFIX}${titled(segmentation)}__c`;
  const found = fields.find((field) => field.name === name);
  if (found) return found;
  throw new Error(`No built-in segmentation has the field ${name}.`);
};

/** Whose labels changed lately, on each object, and the contacts who need attention. */
export function listViews(fields: Wanted[]): Record<string, string> {
  const changed = `${OUR_PREFIX}Changed__c`;
  const lately = SOBJECTS.map((sobject) =>
    listView(sobject, `${APP}_Changed`, {
      columns: [...FACTS[sobject].columns, changed],
      filterScope: 'Everything',
      filters: { field: changed, operation: 'greaterOrEqual', value: 'LAST_N_DAYS:7' },
      label: 'Segments changed in the last 7 days',
    }),
  );
  const wanted = ATTENTION.map(({ segmentation, segments }) => {
    const field = fieldOf(fields, segmentation);
    const known = field.values.map(({ value }) => value);
    const missing = segments.filter((segment) => !known.includes(segment));
    if (missing.length > 0) throw new Error(`${segmentation} has no segment ${missing.join(', ')}.`);
    return { field: field.name, operation: 'equals', value: segments.join(',') };
  });
  const attention = listView('Contact', `${APP}_Attention`, {
    booleanFilter: wanted.map((_each, index) => index + 1).join(' OR '),
    columns: [...FACTS.Contact.columns, ...wanted.map(({ field }) => field)],
    filterScope: 'Mine',
    filters: wanted,
    label: 'My contacts who need attention',
  });
  return Object.assign({}, ...lately, attention);
}

const listView = (sobject: SObject, name: string, content: Parameters<typeof metadataFile>[1]) => ({
  [`objects/${sobject}/listViews/${name}.listView-meta.xml`]: metadataFile('ListView', {
    fullName: name,
    ...content,
  }),
});

/** Reports on each object with its segments. */
export function reportTypes(fields: Wanted[]): Record<string, string> {
  const files = SOBJECTS.map((sobject) => {
    const { report, category, many } = FACTS[sobject];
    const column = (field: string, checkedByDefault: boolean) => ({
      checkedByDefault,
      field,
      table: sobject,
    });
    const section = (columns: ReturnType<typeof column>[], masterLabel: string) => ({ columns, masterLabel });
    return {
      [`reportTypes/${APP}_${many}.reportType-meta.xml`]: metadataFile('CustomReportType', {
        baseObject: sobject,
        category,
        deployed: true,
        description: `${many} with the segments that they are in. ${MARKER}`,
        label: `${many} with segments`,
        sections: [
          section(
            report.map((field) => column(field, field === 'Name')),
            many,
          ),
          section(
            fieldsOn(fields, sobject).map(({ name }) => column(name, false)),
            'Segments',
          ),
        ],
      }),
    };
  });
  return Object.assign({}, ...files);
}

/** The app that admins open, with the page that leads them through the setup. */
export const setupPage = () => ({
  [`tabs/${SETUP_TAB}.tab-meta.xml`]: metadataFile('CustomTab', {
    description: MARKER,
    label: `${APP_LABEL} setup`,
    lwcComponent: 'segmentSyncSetup',
    motif: 'Custom67: Gears',
  }),
  [`applications/${APP}.app-meta.xml`]: metadataFile('CustomApplication', {
    description: `Set up ${APP_LABEL} and look at segments. ${MARKER}`,
    formFactors: ['Small', 'Large'],
    isNavAutoTempTabsDisabled: false,
    isNavPersonalizationDisabled: false,
    label: APP_LABEL,
    navType: 'Standard',
    tabs: [SETUP_TAB, 'standard-Contact', 'standard-Lead', 'standard-Account'],
    uiType: 'Lightning',
  }),
});
