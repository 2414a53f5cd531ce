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

/** A count of a run in words: "12,044 contacts read" out of `contact.read`, "443 written to HubSpot" out of `hubspot.written`. */
export function countWords(name: string, value: number): string {
  const [first = '', second] = name.split('.');
  const what = (second ?? first).replaceAll('_', ' ');
  const number = value.toLocaleString('en-US');
  if (second === undefined) return `${number} ${what}`;
  const system = SYSTEMS[first];
  if (system) return `${number} ${what} ${what === 'written' ? 'to' : 'at'} ${system}`;
  return `${number} ${value === 1 ? first : (PLURALS[first] ?? first)} ${what}`;
}
