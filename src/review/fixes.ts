import { nameOfColumn } from '../segmentation/attribute-names.ts';

/** Something to mend in the data, and what that would move. */
export type Fix = {
  /** Map: nothing feeds it. Restore: it was fed and can't be read now. Format: values are there, but unreadable. */
  kind: 'map' | 'restore' | 'fill' | 'format';
  /** `country` or `company.industry`. */
  attribute: string;
  segments: string[];
  /** Customers who can't be placed for want of it, at least. */
  customers: number;
  /** How many would enter a segment, if they are like those who are known; null where nobody is known. */
  expectedMoves: number | null;
  what: string;
};

/** The parts of SegmentLoss that fixes go by. */
export type Loss = {
  segmentation: string;
  segment: string;
  subject: 'person' | 'company';
  subjects: number;
  missing: readonly string[];
  attributes: readonly {
    attribute: string;
    name: string;
    undecided: number;
    rate: number | null;
    expected: number;
  }[];
};

/** The parts of AttributeQuality that fixes go by. */
export type Feed = {
  connection: string;
  object: 'contact' | 'company' | 'deal';
  attribute: string;
  property: string;
  invalid: number;
  problem: string | null;
};

const FIXES = 10;
const OBJECT_OF = { person: 'contact', company: 'company', deal: 'deal' } as const;

/** The fixes that would move most customers, first those without which a segment can't be worked out at all. */
export function rankFixes(losses: readonly Loss[], feeds: readonly Feed[]): Fix[] {
  const fixes = new Map<string, Fix>();
  const note = (kind: Fix['kind'], fix: Omit<Fix, 'kind'>): void => {
    const id = `${kind} ${fix.attribute}`;
    const known = fixes.get(id);
    if (known === undefined) {
      fixes.set(id, { kind, ...fix, segments: [...fix.segments] });
      return;
    }
    known.segments.push(...fix.segments);
    known.customers = Math.max(known.customers, fix.customers);
    if (fix.expectedMoves !== null) known.expectedMoves = (known.expectedMoves ?? 0) + fix.expectedMoves;
  };
  for (const { segmentation, segment, subject, subjects, missing, attributes } of losses) {
    const segments = [`${segmentation}.${segment}`];
    for (const attribute of missing) {
      const what = `Map a property to ${nameOfColumn(attribute, subject)}: nothing feeds it.`;
      note('map', { attribute, segments, customers: subjects, expectedMoves: null, what });
    }
    for (const { attribute, name, undecided, rate, expected } of attributes) {
      const feeding = feedsOf(feeds, subject, attribute);
      const broken = feeding.find(({ problem }) => problem !== null);
      const invalid = feeding.reduce((sum, feed) => sum + feed.invalid, 0);
      const unreadable = Math.min(undecided, invalid);
      const moves = (customers: number): number | null => (rate === null ? null : customers * rate);
      if (unreadable > 0) {
        const [worst] = [...feeding].sort((x, y) => y.invalid - x.invalid);
        const what = `Mend ${worst?.property ?? attribute} on ${worst?.connection ?? 'the CRM'}: ${invalid} values can't be read as ${name}.`;
        note('format', {
          attribute,
          segments,
          customers: unreadable,
          expectedMoves: moves(unreadable),
          what,
        });
      }
      const empty = undecided - unreadable;
      if (empty === 0) continue;
      const kind = broken === undefined ? 'fill' : 'restore';
      const what =
        broken === undefined
          ? `Fill ${name}: ask for it in forms, or import it.`
          : `Restore ${broken.property} on ${broken.connection}: ${broken.problem}`;
      const expectedMoves = unreadable === 0 ? (rate === null ? null : expected) : moves(empty);
      note(kind, { attribute, segments, customers: empty, expectedMoves, what });
    }
  }
  return [...fixes.values()].sort(byMoves).slice(0, FIXES);
}

function feedsOf(feeds: readonly Feed[], subject: 'person' | 'company', name: string): Feed[] {
  const isCompany = subject === 'company' || name.startsWith('company.');
  const key = name.replace(/^company\./, '');
  const object = OBJECT_OF[isCompany ? 'company' : 'person'];
  return feeds.filter((feed) => feed.object === object && feed.attribute === key);
}

function byMoves(x: Fix, y: Fix): number {
  const isBlocking = (fix: Fix): number => Number(fix.kind === 'map');
  return (
    isBlocking(y) - isBlocking(x) ||
    (y.expectedMoves ?? 0) - (x.expectedMoves ?? 0) ||
    y.customers - x.customers ||
    (x.attribute < y.attribute ? -1 : 1)
  );
}
