import { conformance } from './conformance.ts';
import { salesforceRig, seedOf } from './salesforce-rig.ts';

conformance('the Salesforce connector', (seed) => salesforceRig(seedOf(seed)), {
  seed: { contacts: 2_500, companies: 5, deals: 20 },
  objects: ['contact', 'company', 'deal'],
  findsDeletes: true,
  sameTime: 10_500,
  calls: {
    read: 'GET /services/data/v66.0/(query|jobs/query|sobjects)',
    search: 'GET /services/data/v66.0/query',
    write: 'PATCH /services/data/v66.0/composite/sobjects',
  },
  target: 'property',
  many: true,
});
