/**
 * The rows of one object, findable by id, in (SystemModstamp, Id) order and by the value of a field.
 * Built for a million rows: a write moves one entry in the order, a keyset query starts by binary search.
 */

export type Value = string | number | boolean | null;

export type Row = {
  readonly id: string;
  /** SystemModstamp, in Salesforce's own form, which sorts as text. */
  stamp: string;
  /** Absent means null (false for a checkbox). */
  f: Record<string, Value>;
  /** True for the place that a row has left in the order. */
  gone?: boolean;
};

const NOTHING: Record<string, Value> = {};
const before = (a: Row, stamp: string, id: string) => (a.stamp === stamp ? a.id < id : a.stamp < stamp);

export class Table {
  readonly rows = new Map<string, Row>();
  private order: Row[] = [];
  private left = 0;
  private ids: Row[] | null = null;
  private readonly byField = new Map<string, Map<string, Set<Row>>>();
  /** Rises with every change, so that what is derived from the table can be cached. */
  version = 0;

  load(rows: Iterable<Row>): void {
    for (const row of rows) this.rows.set(row.id, row);
    this.order = [...this.rows.values()].sort((a, b) => (before(a, b.stamp, b.id) ? -1 : 1));
    this.left = 0;
    this.ids = null;
    this.byField.clear();
    this.version++;
  }

  insert(row: Row): void {
    this.rows.set(row.id, row);
    this.place(row);
    if (this.ids) {
      const last = this.ids.at(-1);
      if (last && last.id > row.id) this.ids = null;
      else this.ids.push(row);
    }
    for (const [name, index] of this.byField) addTo(index, row.f[name], row);
    this.version++;
  }

  /** Moves a row to its new place in the order. */
  touch(row: Row, stamp: string): void {
    this.version++;
    if (row.stamp === stamp) return;
    this.leave(row);
    row.stamp = stamp;
    this.place(row);
  }

  set(row: Row, name: string, value: Value): void {
    const index = this.byField.get(name);
    const was = row.f[name];
    if (index && typeof was === 'string') index.get(was.toLowerCase())?.delete(row);
    row.f[name] = value;
    if (index) addTo(index, value, row);
    this.version++;
  }

  remove(row: Row): void {
    this.leave(row);
    this.rows.delete(row.id);
    this.ids = null;
    for (const [name, index] of this.byField) {
      const was = row.f[name];
      if (typeof was === 'string') index.get(was.toLowerCase())?.delete(row);
    }
    this.version++;
  }

  /** Rows whose text or reference field has this value (case does not count), through an index made on first use. */
  where(name: string, value: string): Iterable<Row> {
    let index = this.byField.get(name);
    if (!index) {
      index = new Map();
      for (const row of this.rows.values()) addTo(index, row.f[name], row);
      this.byField.set(name, index);
    }
    return index.get(value.toLowerCase()) ?? [];
  }

  /** Rows in (SystemModstamp, Id) order, from this place on. */
  *inOrder(fromStamp = '', fromId = ''): Generator<Row> {
    const order = this.order;
    for (let at = this.firstAt(fromStamp, fromId); at < order.length; at++) {
      const row = order[at];
      if (row && !row.gone) yield row;
    }
  }

  /** Rows in Id order, from this id on. */
  *inIdOrder(fromId = ''): Generator<Row> {
    this.ids ??= [...this.rows.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    let low = 0;
    for (let high = this.ids.length; low < high; ) {
      const middle = (low + high) >> 1;
      if ((this.ids[middle]?.id ?? '') < fromId) low = middle + 1;
      else high = middle;
    }
    for (const ids = this.ids; low < ids.length; low++) {
      const row = ids[low];
      if (row) yield row;
    }
  }

  private firstAt(stamp: string, id: string): number {
    let low = 0;
    for (let high = this.order.length; low < high; ) {
      const middle = (low + high) >> 1;
      const row = this.order[middle];
      if (row && before(row, stamp, id)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private place(row: Row): void {
    const last = this.order.at(-1);
    if (!last || before(last, row.stamp, row.id)) {
      this.order.push(row);
      return;
    }
    const at = this.firstAt(row.stamp, row.id);
    const there = this.order[at];
    if (there?.gone && there.stamp === row.stamp && there.id === row.id) {
      this.order[at] = row;
      this.left--;
    } else this.order.splice(at, 0, row);
  }

  /** A mark keeps the old place, since taking it out would move half the array at each write. */
  private leave(row: Row): void {
    const at = this.firstAt(row.stamp, row.id);
    this.order[at] = { id: row.id, stamp: row.stamp, f: NOTHING, gone: true };
    if (++this.left > 10_000 && this.left * 2 > this.order.length) {
      this.order = this.order.filter((one) => !one.gone);
      this.left = 0;
    }
  }
}

function addTo(index: Map<string, Set<Row>>, value: Value | undefined, row: Row): void {
  if (typeof value !== 'string') return;
  const key = value.toLowerCase();
  const rows = index.get(key);
  if (rows) rows.add(row);
  else index.set(key, new Set([row]));
}
