import check from '@salesforce/apex/SegmentSyncCard.check';
import SegmentSyncSetup from 'c/segmentSyncSetup';
import { createElement } from 'lwc';

jest.mock('@salesforce/apex/SegmentSyncCard.check', () => ({ default: jest.fn() }), { virtual: true });
jest.mock('@salesforce/label/c.Segment_Sync_Workspace', () => ({ default: 'https://app.example.com' }), {
  virtual: true,
});

const flush = async () => {
  for (let turn = 0; turn < 4; turn += 1) await Promise.resolve();
};

async function checked(answer) {
  check.mockImplementation(answer);
  const element = createElement('c-segment-sync-setup', { is: SegmentSyncSetup });
  document.body.appendChild(element);
  element.shadowRoot.querySelector('lightning-button').click();
  await flush();
  return element.shadowRoot;
}

afterEach(() => document.body.replaceChildren());

it.each([
  ['ok', async () => ({ state: 'ok' }), 'Connected'],
  ['signed_out', async () => ({ state: 'signed_out' }), 'refuses the token'],
  ['failed', async () => ({ state: 'failed' }), 'No answer'],
  ['a refusal by Apex', () => Promise.reject(new Error('no access')), 'No answer'],
])('says what to do when the check ends with %s', async (_name, answer, words) => {
  const page = await checked(answer);
  expect(page.querySelector('.result').textContent).toContain(words);
  expect(page.querySelector('lightning-button').disabled).toBe(false);
});

it('leads to the workspace', async () => {
  const page = await checked(async () => ({ state: 'ok' }));
  expect(page.querySelector('a').getAttribute('href')).toBe('https://app.example.com');
  expect(page.querySelectorAll('li')).toHaveLength(5);
});
