import { Segmentation } from '../src/segmentation/definition.ts';
import { COUNTRIES, install, type System } from './installation.ts';
import { type BenchOptions, type Measurement, measured } from './measurement.ts';

const SIZE = 1_000;
/** Of a hundred contacts, how many get another label. */
const CHANGED_SHARE = 0.125;

/** Rows of one write call, and from how many rows on one bulk job takes them all. */
const BATCH: Record<System, number> = { hubspot: 100, salesforce: 200 };

/** Members that one call adds to a list or takes out of it. */
const MEMBERS: Record<System, number> = { hubspot: 1_000, salesforce: 200 };

/** The same with a list or campaign a segment, whose members we write. */
const LISTED = Segmentation.parse({
  ...COUNTRIES,
  targets: { hubspot: { list: 'manual' }, salesforce: { campaign: true } },
});

/** Calls a contact of published HubSpot writers, by their source: property and list memberships. */
const PUBLISHED = {
  'Grouparoo 0.9.0': 3.01,
  'Segment action-destinations 3.497.0': 0.021,
};

export const calls = {
  about: 'HTTP calls of a first labelling, a change, and a run with nothing changed',
  run: measureCalls,
};

async function* measureCalls({ size, stores }: BenchOptions): AsyncGenerator<Measurement> {
  for (const system of ['hubspot', 'salesforce'] as const) {
    yield* ofSystem(system, size ?? SIZE, stores);
    yield await ofLists(system, Math.ceil((size ?? SIZE) / 2), stores);
  }
}

async function* ofSystem(
  system: System,
  size: number,
  stores: BenchOptions['stores'],
): AsyncGenerator<Measurement> {
  const store = await stores.make('embedded');
  const base = { size, store: store.kind, unit: 'calls' };
  try {
    const crm = await install({ config: store.config, system, contacts: size });
    try {
      const first = await crm.run();
      const { writes, rowsWritten, reads, endpoints } = await crm.journal();
      const read = Object.entries(first.counts.pull ?? {}).flatMap(([name, count]) =>
        name.endsWith('.read') ? [count] : [],
      );
      const records = read.reduce((sum, count) => sum + count, 0);
      if (system === 'hubspot') {
        yield measured({
          ...base,
          name: 'calls.hubspot.pull',
          value: endpoints['objects list'] ?? 0,
          unit: 'pages',
          against: read.reduce((pages, count) => pages + Math.ceil(count / 100), 0),
          note: `${records} records, 100 a page; ${reads} reads in all, with properties and associations`,
        });
        for (const [writer, perContact] of Object.entries(PUBLISHED)) {
          yield measured({
            ...base,
            name: 'calls.hubspot.first',
            value: writes / rowsWritten,
            unit: 'write calls a contact',
            against: perContact,
            note: writer,
          });
        }
      } else {
        yield measured({ ...base, name: 'calls.salesforce.pull', value: reads, note: `${records} records` });
      }
      await crm.resetJournal();
      await crm.run();
      const unchanged = await crm.journal();
      yield measured({
        ...base,
        name: `calls.${system}.unchanged`,
        value: unchanged.writes,
        unit: 'write calls',
        against: 0,
        note: `and ${unchanged.reads} reads`,
      });
      await crm.changeContacts(Math.round(size * CHANGED_SHARE));
      await crm.resetJournal();
      await crm.run();
      const changed = await crm.journal();
      yield measured({
        ...base,
        name: `calls.${system}.change`,
        value: changed.writes,
        unit: 'write calls',
        against: Math.ceil(changed.rowsWritten / BATCH[system]),
        note: `${changed.rowsWritten} labels changed, ${BATCH[system]} a call`,
      });
    } finally {
      await crm.close();
    }
  } finally {
    await store.remove();
  }
}

/** A change where each segment has a list too: everybody who changes leaves one and joins another. */
async function ofLists(system: System, size: number, stores: BenchOptions['stores']): Promise<Measurement> {
  const store = await stores.make('embedded');
  try {
    const crm = await install({ config: store.config, system, contacts: size, segmentations: [LISTED] });
    try {
      await crm.run();
      const moved = Math.round(size * CHANGED_SHARE);
      await crm.changeContacts(moved);
      await crm.resetJournal();
      await crm.run();
      const { writes } = await crm.journal();
      return measured({
        name: `calls.${system}.lists`,
        size,
        store: store.kind,
        unit: 'write calls',
        value: writes,
        against:
          Math.ceil(moved / BATCH[system]) + LISTED.segments.length * Math.ceil(moved / MEMBERS[system]),
        note: `${moved} contacts leave two lists and join a third`,
      });
    } finally {
      await crm.close();
    }
  } finally {
    await store.remove();
  }
}
