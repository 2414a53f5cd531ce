const PLURALS: Record<string, string> = {
  contact: 'contacts',
  company: 'companies',
  deal: 'deals',
  person: 'people',
  lead: 'leads',
};
const SYSTEMS: Record<string, string> = {
  hubspot: 'HubSpot',
  salesforce: 'Salesforce',
  csv: 'the CSV folder',
};

/** Counts of things rather than of what became of records, for one and for several. */
const THINGS: Record<string, [one: string, many: string]> = {
  records: ['record', 'records'],
  lost_properties: ['property lost', 'properties lost'],
  needs_you: ['needs you', 'need you'],
  invalid: ['with a value that can’t be read', 'with values that can’t be read'],
  absorbed: ['found to be the same as another', 'found to be the same as others'],
  seen: ['looked at', 'looked at'],
  pinned: ['left as set by hand', 'left as set by hand'],
};

/** Counts of these are of things that a record has, or that are a kind of it: 2 contact properties lost. */
const COUNTED: ReadonlySet<string> = new Set(['records', 'lost_properties', 'needs_you']);

/** A count of a run in words: "12,044 contacts read" out of `contact.read`, "443 written to HubSpot" out of `hubspot.written`. */
export function countWords(name: string, value: number): string {
  const [first = '', second] = name.split('.');
  const things = THINGS[second ?? first];
  const what = things?.[value === 1 ? 0 : 1] ?? (second ?? first).replaceAll('_', ' ');
  const number = value.toLocaleString('en-US');
  if (second === undefined) return `${number} ${what}`;
  const system = SYSTEMS[first];
  if (system) return `${number} ${what} ${what === 'written' ? 'to' : 'at'} ${system}`;
  if (things && COUNTED.has(second)) return `${number} ${first} ${what}`;
  return `${number} ${value === 1 ? first : (PLURALS[first] ?? first)} ${what}`;
}
