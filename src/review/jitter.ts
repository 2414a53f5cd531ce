/** A number of a model that moved from one learning to the next. */
export type Jump = {
  parameter: string;
  before: number;
  after: number;
  /** Of the value before; null from 0. */
  relative: number | null;
};

/** What moved when a model was learned again; the largest jumps first. */
export type Jitter = { version: number; asOf: Date; jumps: Jump[]; largest: number | null };

/** Compares each model with the one before it, number by number, whatever the method. */
export function jitterOf(models: readonly { version: number; asOf: Date; parameters: unknown }[]): Jitter[] {
  return models.slice(1).map(({ version, asOf, parameters }, i) => {
    const before = new Map(numbersOf(models[i]?.parameters, ''));
    const jumps = numbersOf(parameters, '').flatMap(([parameter, after]): Jump[] => {
      const was = before.get(parameter);
      if (was === undefined || was === after) return [];
      return [
        { parameter, before: was, after, relative: was === 0 ? null : Math.abs(after - was) / Math.abs(was) },
      ];
    });
    jumps.sort((x, y) => (y.relative ?? Number.POSITIVE_INFINITY) - (x.relative ?? Number.POSITIVE_INFINITY));
    const relative = jumps.flatMap((jump) => jump.relative ?? []);
    return { version, asOf, jumps, largest: relative.length === 0 ? null : Math.max(...relative) };
  });
}

function numbersOf(value: unknown, path: string): [string, number][] {
  if (typeof value === 'number') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) =>
    numbersOf(part, path === '' ? key : `${path}.${key}`),
  );
}
