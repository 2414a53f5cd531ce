import { basename } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes longest, longest first: begun last, one of them would keep the other workers waiting at the end. */
const SLOW = [
  'cdnow',
  'kill',
  'journey',
  'faults',
  'changes',
  'start',
  'compile',
  'push',
  'workers',
  'crash',
  'whole',
];

const rank = ({ moduleId }: TestSpecification): number => {
  const place = SLOW.indexOf(basename(moduleId, '.test.ts'));
  return place === -1 ? SLOW.length : place;
};

export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
