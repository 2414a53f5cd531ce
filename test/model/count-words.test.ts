import { expect, it } from 'vitest';
import { countWords } from '../../src/model/count-words.ts';

it.each([
  ['contact.read', 12_044, '12,044 contacts read'],
  ['company.merged', 1, '1 company merged'],
  ['hubspot.written', 443, '443 written to HubSpot'],
  ['salesforce.read_back', 2, '2 read back at Salesforce'],
  ['written', 463, '463 written'],
  ['deal.records', 19, '19 deal records'],
  ['contact.records', 1, '1 contact record'],
  ['contact.lost_properties', 2, '2 contact properties lost'],
  ['needs_you', 2, '2 need you'],
  ['contact.invalid', 8, '8 contacts with values that can’t be read'],
  ['deal.seen', 1, '1 deal looked at'],
  ['pinned', 2, '2 left as set by hand'],
  ['salesforce.pinned', 2, '2 left as set by hand at Salesforce'],
])('%s %i reads: %s', (name, value, words) => expect(countWords(name, value)).toBe(words));
