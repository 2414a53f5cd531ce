import askCard from '@salesforce/apex/SegmentSyncCard.card';
import SegmentSyncCard from 'c/segmentSyncCard';
import { getObjectInfo } from 'lightning/uiObjectInfoApi';
import { getRecord, notifyRecordUpdateAvailable } from 'lightning/uiRecordApi';
import { createElement } from 'lwc';

jest.mock('@salesforce/apex/SegmentSyncCard.card', () => ({ default: jest.fn() }), { virtual: true });
jest.mock('@salesforce/label/c.Segment_Sync_Workspace', () => ({ default: 'https://app.example.com' }), {
  virtual: true,
});

const ID = '003000000000001AAA';
const field = (apiName, label, dataType = 'Picklist') => [apiName, { apiName, label, dataType }];
const OBJECT = {
  fields: Object.fromEntries([
    field('LastName', 'Name', 'String'),
    field('segmentsync__Segment_Sync_Rfm__c', 'Purchase behaviour (RFM)'),
    field('Segment_Sync_Shop__c', 'Shop customers', 'MultiPicklist'),
    field('Segment_Sync_Shop_Primary__c', 'Shop customers, first'),
    field('Segment_Sync_Shop_Why__c', 'Shop customers: why', 'TextArea'),
    field('Segment_Sync_Changed__c', 'Segments changed', 'DateTime'),
  ]),
};
const recordWith = (fields) => ({ id: ID, fields });
const RECORD = recordWith({
  segmentsync__Segment_Sync_Rfm__c: { value: 'at_risk', displayValue: 'At risk' },
  Segment_Sync_Shop__c: { value: 'high_value;winback', displayValue: 'High-value customers;Win back' },
});
const CARD = {
  state: 'labelled',
  name: 'Ada Example',
  segmentations: [
    {
      key: 'rfm',
      name: 'Purchase behaviour (RFM)',
      labels: [
        {
          key: 'at_risk',
          name: 'At risk',
          since: '2026-11-01T00:00:00.000Z',
          why: ['The last purchase was on 3 March 2026.', 'Bought 9 times.'],
          play: { channel: 'phone', message: 'Ask what is missing', owner: 'account manager' },
        },
      ],
    },
  ],
  scores: [{ name: 'Still a customer', value: '41 %', meaning: 'likely gone by spring' }],
  asOf: '2026-11-20T06:00:00.000Z',
  lastRun: { endedAt: '2026-11-20T06:05:00.000Z', state: 'done' },
  url: 'https://app.example.com/records/salesforce/Contact/003000000000001AAA',
};

const flush = async () => {
  for (let turn = 0; turn < 4; turn += 1) await Promise.resolve();
};

/** A card on a page, with what Salesforce and the app answer. */
async function show({ answer, record = RECORD, object = OBJECT, objectApiName = 'Contact' } = {}) {
  if (answer) askCard.mockResolvedValue(answer);
  const element = createElement('c-segment-sync-card', { is: SegmentSyncCard });
  element.recordId = ID;
  element.objectApiName = objectApiName;
  document.body.appendChild(element);
  getObjectInfo.emit(object);
  if (record) getRecord.emit(record);
  await flush();
  const all = (selector) => [...element.shadowRoot.querySelectorAll(selector)];
  const texts = (selector) => all(selector).map(({ textContent }) => textContent.replace(/\s+/g, ' ').trim());
  return {
    element,
    all,
    texts,
    labels: () => all('lightning-badge').map(({ label }) => label),
    notice: () => texts('.notice')[0],
    link: () => all('a')[0].getAttribute('href'),
    refresh: () => all('lightning-button-icon')[0].click(),
  };
}
const ok = (card) => ({ state: 'ok', body: JSON.stringify(card) });

beforeEach(() => {
  jest.useFakeTimers({ now: new Date('2026-11-21T00:00:00Z'), doNotFake: ['nextTick', 'queueMicrotask'] });
});
afterEach(() => {
  document.body.replaceChildren();
  jest.clearAllMocks();
  jest.useRealTimers();
});

it('shows labels, why, since, play and scores', async () => {
  const card = await show({ answer: ok(CARD) });
  expect(card.labels()).toEqual(['At risk', 'High-value customers', 'Win back']);
  expect(card.texts('h3')).toEqual(['Purchase behaviour (RFM)', 'Shop customers', 'Scores']);
  expect(card.texts('.why li')).toEqual(['The last purchase was on 3 March 2026.', 'Bought 9 times.']);
  expect(card.texts('.play p')).toEqual(['Do next Ask what is missing', 'By phone', 'Who account manager']);
  expect(card.texts('.score dt, .score strong, .score dd span')).toEqual([
    'Still a customer',
    '41 %',
    'likely gone by spring',
  ]);
  expect(card.all('.since lightning-formatted-date-time')[0].value).toBe('2026-11-01T00:00:00.000Z');
  expect(card.all('lightning-relative-date-time')[0].value).toBe('2026-11-20T06:05:00.000Z');
  expect(card.link()).toBe(CARD.url);
  expect(card.notice()).toBeUndefined();
});

it('asks Salesforce for the fields that the user may see, and the app for the record', async () => {
  const card = await show({ answer: ok(CARD) });
  expect(getRecord.getLastConfig()).toEqual({
    recordId: ID,
    optionalFields: [
      'Contact.Id',
      'Contact.PersonContactId',
      'Contact.segmentsync__Segment_Sync_Rfm__c',
      'Contact.Segment_Sync_Shop__c',
    ],
  });
  expect(askCard.mock.calls).toEqual([[{ objectName: 'Contact', recordId: ID }]]);
  expect(card.all('lightning-spinner')).toEqual([]);
});

it('shows the labels while the app is asked', async () => {
  askCard.mockReturnValue(new Promise(() => {}));
  const card = await show();
  expect(card.labels()).toHaveLength(3);
  expect(card.texts('.asking')).toEqual(['Asking Segment Sync why…']);
  expect(card.all('lightning-button-icon')[0].disabled).toBe(true);
});

it('says that it is loading', async () => {
  const card = await show({ record: null });
  expect(card.all('lightning-spinner')).toHaveLength(1);
  expect(card.texts('.empty')).toEqual([]);
});

it('says that the record is in no segment', async () => {
  const record = recordWith({ segmentsync__Segment_Sync_Rfm__c: { value: null, displayValue: null } });
  const card = await show({
    answer: ok({ ...CARD, state: 'unlabelled', segmentations: [], scores: [] }),
    record,
  });
  expect(card.texts('.empty')).toEqual(['In no segment.']);
  expect(card.notice()).toBeUndefined();
});

describe.each([
  ['signed out', { state: 'signed_out', body: null }, 'does not let this org in'],
  ['failed', { state: 'failed', body: null }, 'did not answer'],
  ['no JSON', { state: 'ok', body: '<html>' }, 'did not answer'],
  [
    'sets without labels',
    { state: 'ok', body: '{"state":"labelled","segmentations":[{}]}' },
    'did not answer',
  ],
  ['another shape', { state: 'ok', body: '{"state":"labelled"}' }, 'did not answer'],
])('when the app’s answer is: %s', (_name, answer, words) => {
  it('says so, keeps the labels, and links to the workspace', async () => {
    const card = await show({ answer });
    expect(card.notice()).toContain(words);
    expect(card.labels()).toHaveLength(3);
    expect(card.link()).toBe('https://app.example.com');
    expect(card.all('lightning-button-icon')[0].disabled).toBe(false);
  });
});

it('says that the app did not answer where Apex refuses', async () => {
  askCard.mockRejectedValue(new Error('no access'));
  expect((await show()).notice()).toContain('did not answer');
});

it.each([
  ['2026-11-19T00:00:01.000Z', undefined],
  ['2026-11-18T00:00:00.000Z', 'The last run ended 3 days ago: these labels may be out of date.'],
])('takes a run that ended at %s for %s', async (endedAt, notice) => {
  const card = await show({ answer: ok({ ...CARD, lastRun: { endedAt, state: 'done' } }) });
  expect(card.notice()).toBe(notice);
});

it.each([
  ['unknown', 'has not read this record yet'],
  ['not_profiled', 'is not profiled'],
])('explains the state %s, rather than "in no segment"', async (state, words) => {
  const answer = ok({ ...CARD, state, segmentations: [], scores: [], lastRun: null });
  const card = await show({ answer, record: recordWith({}) });
  expect(card.notice()).toContain(words);
  expect(card.texts('.empty')).toEqual([]);
});

it('shows no label whose field the user does not see, but says that there are more', async () => {
  const object = { fields: Object.fromEntries([field('Segment_Sync_Shop__c', 'Shop', 'MultiPicklist')]) };
  const answer = { ...ok(CARD), hidden: ['segmentsync__Segment_Sync_Rfm__c'] };
  const card = await show({ answer, object });
  expect(card.labels()).toEqual(['High-value customers', 'Win back']);
  expect(card.texts('.why')).toEqual([]);
  expect(card.texts('.unseen')).toEqual(['One more set of segments is hidden from you.']);
});

it('shows what has no field on this object, as the segments of a contact’s company', async () => {
  const [rfm] = CARD.segmentations;
  const labels = [
    { key: 'key_account', name: 'Key accounts', since: null, why: ['Over 250 employees.'], play: null },
  ];
  const accounts = { key: 'accounts', name: 'Company segments', labels };
  const card = await show({ answer: { ...ok({ ...CARD, segmentations: [rfm, accounts] }), hidden: [] } });
  expect(card.labels()).toEqual(['At risk', 'High-value customers', 'Win back', 'Key accounts']);
  expect(card.texts('h3')).toContain('Company segments');
  expect(card.texts('.why li')).toContain('Over 250 employees.');
  expect(card.texts('.unseen')).toEqual([]);
});

it('finds what belongs to a field whose name was cut', async () => {
  const apiName = 'Segment_Sync_A_Very_Long_Name_Of_0a1b2c__c';
  const key = 'a_very_long_name_of_a_segmentation';
  const [segmentation] = CARD.segmentations;
  const card = await show({
    answer: ok({ ...CARD, segmentations: [{ ...segmentation, key }] }),
    object: { fields: Object.fromEntries([field(apiName, 'Long')]) },
    record: recordWith({ [apiName]: { value: 'at_risk', displayValue: 'At risk' } }),
  });
  expect(card.texts('.why li')).toHaveLength(2);
});

it('asks about a person account by its contact', async () => {
  const card = await show({
    answer: ok(CARD),
    objectApiName: 'Account',
    object: { fields: Object.fromEntries([field('segmentsync__Segment_Sync_Rfm__pc', 'RFM')]) },
    record: recordWith({
      PersonContactId: { value: '003000000000009AAA' },
      segmentsync__Segment_Sync_Rfm__pc: { value: 'at_risk', displayValue: 'At risk' },
    }),
  });
  expect(askCard.mock.calls).toEqual([[{ objectName: 'Contact', recordId: '003000000000009AAA' }]]);
  expect(card.texts('.why li')).toHaveLength(2);
});

it('asks anew, and lets Salesforce read the fields anew, when told to refresh', async () => {
  const card = await show({ answer: { state: 'failed', body: null } });
  askCard.mockResolvedValue(ok(CARD));
  card.refresh();
  await flush();
  expect(notifyRecordUpdateAvailable.mock.calls).toEqual([[[{ recordId: ID }]]]);
  expect(askCard).toHaveBeenCalledTimes(2);
  expect(card.notice()).toBeUndefined();
  expect(card.texts('.why li')).toHaveLength(2);
});

it('does not ask again when only the fields change', async () => {
  const card = await show({ answer: ok(CARD) });
  getRecord.emit(recordWith({ Segment_Sync_Shop__c: { value: 'new', displayValue: 'New customers' } }));
  await flush();
  expect(card.labels()).toEqual(['New customers']);
  expect(askCard).toHaveBeenCalledTimes(1);
});

it('says that Salesforce shows nothing of the record', async () => {
  const card = await show({ record: null });
  getRecord.error({ message: 'no access' });
  await flush();
  expect(card.notice()).toContain('Salesforce could not show');
  expect(card.all('lightning-spinner')).toEqual([]);
});

it.each(['javascript:alert(1)', 'http://app.example.com/x', null])('makes no link of %s', async (url) => {
  const card = await show({ answer: ok({ ...CARD, url }) });
  expect(card.link()).toBe('https://app.example.com');
});

it('can be used by everybody', async () => {
  const card = await show({
    answer: ok({ ...CARD, lastRun: { endedAt: '2026-01-01T00:00:00Z', state: 'done' } }),
  });
  expect(card.all('[role=status]')).toHaveLength(1);
  expect(card.all('lightning-button-icon')[0].alternativeText).toBe('Refresh');
  expect(card.all('ul')[0].getAttribute('aria-label')).toBe('Why');
});
