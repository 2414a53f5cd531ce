/** A named SQL expression over the columns below it, and the names that it reads. */
export type Unit = { name: string; sql: string; reads: readonly string[] };

/**
 * Puts each unit one level above those it reads. A level is a subquery fenced by `offset 0`, the last one too: without
 * the fence Postgres would write each expression out at every place of its use, and a chain of 30 would double 30 times.
 */
export function nestLevels(base: string, units: readonly Unit[], fenceBase: boolean): string {
  let sql = fenceBase || units.length > 0 ? `${base}\noffset 0` : base;
  const levels = levelsOf(units);
  for (const level of levels) {
    const columns = level.map((unit) => `${unit.sql} as ${unit.name}`).join(',\n  ');
    sql = `select l.*,\n  ${columns}\nfrom (\n${sql}\n) l\noffset 0`;
  }
  return sql;
}

/** @throws where units read each other in a circle; check.ts finds that first, with the names of the segments */
function levelsOf(units: readonly Unit[]): Unit[][] {
  const byName = new Map(units.map((unit) => [unit.name, unit]));
  const depths = new Map<string, number>();
  const depthOf = (unit: Unit, above: readonly string[]): number => {
    const known = depths.get(unit.name);
    if (known !== undefined) return known;
    if (above.includes(unit.name))
      throw new Error(`segments build on each other in a circle: ${above.join(', ')}`);
    const below = unit.reads.flatMap((name) => byName.get(name) ?? []);
    const depth = Math.max(-1, ...below.map((other) => depthOf(other, [...above, unit.name]))) + 1;
    depths.set(unit.name, depth);
    return depth;
  };
  const levels: Unit[][] = [];
  for (const unit of units) {
    const depth = depthOf(unit, []);
    levels[depth] = [...(levels[depth] ?? []), unit];
  }
  return levels;
}
