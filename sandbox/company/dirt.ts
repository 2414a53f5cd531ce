import type { SeedRow } from '../seed.ts';
import type { Dice } from './dice.ts';

/** What years of imports and typing leave in a CRM. Changes about one record in twenty-five. */

type Properties = SeedRow['properties'];

const LONG = 'A very long note that somebody pasted into the wrong field. '.repeat(40);
const AGES = [' 42 ', 'forty', '38 years', '1,985', '-', '0', '199'];
const BIRTHS = ['1985-02-31', '31/12/1980', '0000-00-00', '1990-13-01', 'unknown'];
const EMAILS = (local: string) => [
  `${local}(at)example.com`,
  'n/a',
  `${local}@`,
  `${local}@@example.com`,
  'none@none',
];

export function soil(
  dice: Dice,
  properties: Properties,
  names: { email: string; first: string; title: string; city: string; age: string; birth: string | null },
): void {
  if (!dice.chance(0.04)) return;
  const at = (name: string) => properties[name];
  switch (dice.int(0, 6)) {
    case 0:
      properties[names.age] = dice.pick(AGES);
      break;
    case 1:
      if (names.birth) properties[names.birth] = dice.pick(BIRTHS);
      break;
    case 2:
      properties[names.email] = dice.pick(EMAILS(String(at(names.email) ?? 'x').split('@')[0] ?? 'x'));
      break;
    case 3:
      if (at(names.city)) properties[names.city] = `${at(names.city)}  `;
      break;
    case 4:
      if (at(names.first)) properties[names.first] = `${at(names.first)} 🚀`;
      break;
    case 5:
      properties[names.title] = LONG;
      break;
    default:
      if (at(names.first)) properties[names.first] = ` ${String(at(names.first)).toUpperCase()} `;
  }
}
