import { conformance } from './conformance.ts';
import { hubspotRig, seedOf } from './hubspot-rig.ts';

conformance('HubSpot', (seed) => hubspotRig(seedOf(seed), { lifted: seed.contacts > 1_000 }), {
  seed: { contacts: 450, companies: 30, deals: 120 },
  objects: ['contact', 'company', 'deal'],
  findsDeletes: true,
  sameTime: 10_250,
  calls: {
    read: '^GET /crm/objects/',
    search: '/search$',
    write: '/batch/update$',
  },
  target: 'property',
  many: true,
});
