import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes longest, longest first: begun last, one of them would keep the other workers waiting at the end. */
const SLOW = [
  'guides',
  'web/connections',
  'integration/cdnow',
  'web/segment-sets',
  'processes/workers',
  'integration/kill',
  'processes/start',
  'integration/faults',
  'cli/journey',
  'web/journey',
  'integration/changes',
  'integration/play-tasks',
  'integration/disconnect',
  'web/customers',
  'pipeline/push',
  'connectors/salesforce',
  'store/folder-lock',
  'integration/crash',
  'connectors/hubspot',
  'integration/whole',
  'jobs/pace',
  'store/open',
  'cli/bad-input',
  'segmentation/methods/clusters',
];

const rank = ({ moduleId }: TestSpecification): number => {
  const place = SLOW.indexOf(relative(import.meta.dirname, moduleId).replace(/\.test\.ts$/, ''));
  return place === -1 ? SLOW.length : place;
};

export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
