import { describe } from 'vitest';
import { faults } from './conformance-faults.ts';
import { reading } from './conformance-reading.ts';
import { type Abilities, type Rig, type RigSeed, suiteOf } from './conformance-rig.ts';
import { writing } from './conformance-writing.ts';

/**
 * What every connector has to do, over real HTTP where there is a CRM. `start` makes a fresh account each time.
 */
export function conformance(name: string, start: (seed: RigSeed) => Promise<Rig>, can: Abilities): void {
  describe(`${name} conforms`, () => {
    const suite = suiteOf(start, can);
    reading(suite);
    writing(suite);
    faults(suite);
  });
}
