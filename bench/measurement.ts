import type { BenchStores } from './stores.ts';

/** One line of the answer. */
export type Measurement = {
  /** Bench, and what of it: engine.label. */
  name: string;
  /** Records, persons or calls that were measured with. */
  size: number;
  store: 'embedded' | 'server' | 'none';
  value: number;
  unit: string;
  /** value / against; null where there is nothing to compare with. */
  ratio: number | null;
  /** What it is compared with, in the same unit: an ideal, a target, somebody else's figure. */
  against: number | null;
  /** What `against` is, in words. */
  note: string;
};

export type BenchOptions = {
  /** The only size to measure; else each bench's own. */
  size: number | null;
  /** The largest sizes too. */
  full: boolean;
  stores: BenchStores;
};

export type Bench = {
  about: string;
  run(options: BenchOptions): AsyncGenerator<Measurement>;
  /** Looks closer at what another one measures too: only by its name, or with `full`. */
  isExtra?: boolean;
};

/** Rounded for reading: four significant digits. */
const rounded = (value: number): number => Number(value.toPrecision(4));

export function measured(
  given: Omit<Measurement, 'ratio' | 'against' | 'note'> & { against?: number; note?: string },
): Measurement {
  const { against = null, note = '', value, ...rest } = given;
  return {
    ...rest,
    value: rounded(value),
    ratio: against === null || against === 0 ? null : rounded(value / against),
    against: against === null ? null : rounded(against),
    note,
  };
}
