import type { ObjectType } from './object-types.ts';

/** One record seen from another, with every type under which they are joined. */
export type Edge = { to: string; typeIds: number[] };

export type AssociationLabel = {
  typeId: number;
  label: string | null;
  category: 'HUBSPOT_DEFINED' | 'USER_DEFINED';
};

/** HubSpot's own types: from > to: [plain, primary]. */
const DEFINED: Record<string, [plain: number, primary?: number]> = {
  'contact>company': [279, 1],
  'company>contact': [280, 2],
  'deal>contact': [3],
  'contact>deal': [4],
  'deal>company': [341, 5],
  'company>deal': [342, 6],
  'company>company': [14],
};

/** The same association seen from the other end. 13: parent to child, 14: child to parent. */
const INVERSE = new Map([
  [279, 280],
  [1, 2],
  [3, 4],
  [341, 342],
  [5, 6],
  [13, 14],
]);
for (const [one, other] of [...INVERSE]) INVERSE.set(other, one);

const FIRST_CUSTOM_TYPE = 1001;

const pair = (from: ObjectType, to: ObjectType) => `${from}>${to}`;

export class AssociationStore {
  #edges = new Map<string, Map<string, Edge[]>>();
  #labels = new Map<string, AssociationLabel[]>();
  #inverse = new Map(INVERSE);
  #nextType = FIRST_CUSTOM_TYPE;

  plainType(from: ObjectType, to: ObjectType): number {
    const defined = DEFINED[pair(from, to)];
    if (!defined) throw new Error(`${from} and ${to} cannot be associated`);
    return defined[0];
  }

  primaryType(from: ObjectType, to: ObjectType): number | undefined {
    return DEFINED[pair(from, to)]?.[1];
  }

  canAssociate(from: ObjectType, to: ObjectType): boolean {
    return pair(from, to) in DEFINED;
  }

  labels(from: ObjectType, to: ObjectType): AssociationLabel[] {
    const [plain, primary] = DEFINED[pair(from, to)] ?? [];
    return [
      ...(primary === undefined
        ? []
        : [{ typeId: primary, label: 'Primary', category: 'HUBSPOT_DEFINED' as const }]),
      ...(plain === undefined ? [] : [{ typeId: plain, label: null, category: 'HUBSPOT_DEFINED' as const }]),
      ...(this.#labels.get(pair(from, to)) ?? []),
    ];
  }

  /** The portal's own label between two types, made when it is not there; the type id as seen from `from`. */
  customType(from: ObjectType, to: ObjectType, label: string): number {
    const found = this.#labels.get(pair(from, to))?.find((each) => each.label === label);
    if (found) return found.typeId;
    const typeId = this.#nextType;
    this.#nextType += 2;
    this.#inverse.set(typeId, typeId + 1).set(typeId + 1, typeId);
    this.#addLabel(from, to, typeId, label);
    if (from !== to) this.#addLabel(to, from, typeId + 1, label);
    return typeId;
  }

  /** How lists of records name a label of the portal; null for HubSpot's own types. */
  innerName(from: ObjectType, to: ObjectType, typeId: number): string | null {
    const own = this.#labels.get(pair(from, to))?.find((each) => each.typeId === typeId);
    return own?.label?.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_') ?? null;
  }

  list(from: ObjectType, id: string, to: ObjectType): Edge[] {
    return this.#edges.get(pair(from, to))?.get(id) ?? [];
  }

  /** Joins two records in both directions; types that are there stay. */
  add(from: ObjectType, id: string, to: ObjectType, toId: string, typeIds: number[]): void {
    this.#put(from, id, to, toId, typeIds);
    const inverse = typeIds.map((typeId) => this.#inverse.get(typeId) ?? typeId);
    this.#put(to, toId, from, id, inverse);
  }

  /** Takes away the given types, or the whole association. */
  remove(from: ObjectType, id: string, to: ObjectType, toId: string, typeIds?: number[]): void {
    this.#drop(from, id, to, toId, typeIds);
    this.#drop(
      to,
      toId,
      from,
      id,
      typeIds?.map((typeId) => this.#inverse.get(typeId) ?? typeId),
    );
  }

  removeAll(type: ObjectType, id: string): void {
    for (const [from, to, edge] of this.#of(type, id)) this.remove(from, id, to, edge.to);
  }

  /** Everything that hung on one record hangs on another. */
  move(type: ObjectType, id: string, toRecord: string): void {
    for (const [from, to, edge] of this.#of(type, id)) {
      this.remove(from, id, to, edge.to);
      if (edge.to !== toRecord) this.add(from, toRecord, to, edge.to, edge.typeIds);
    }
  }

  #of(type: ObjectType, id: string): [ObjectType, ObjectType, Edge][] {
    const others: ObjectType[] = ['contact', 'company', 'deal'];
    return others.flatMap((to) =>
      this.list(type, id, to).map((edge): [ObjectType, ObjectType, Edge] => [type, to, edge]),
    );
  }

  #addLabel(from: ObjectType, to: ObjectType, typeId: number, label: string): void {
    const labels = this.#labels.get(pair(from, to)) ?? [];
    labels.push({ typeId, label, category: 'USER_DEFINED' });
    this.#labels.set(pair(from, to), labels);
  }

  #put(from: ObjectType, id: string, to: ObjectType, toId: string, typeIds: number[]): void {
    const byId = this.#edges.get(pair(from, to)) ?? new Map<string, Edge[]>();
    this.#edges.set(pair(from, to), byId);
    const edges = byId.get(id);
    if (!edges) {
      byId.set(id, [{ to: toId, typeIds: [...typeIds] }]);
      return;
    }
    const edge = edges.find((each) => each.to === toId);
    if (edge) edge.typeIds = [...new Set([...edge.typeIds, ...typeIds])];
    else edges.push({ to: toId, typeIds: [...typeIds] });
  }

  #drop(from: ObjectType, id: string, to: ObjectType, toId: string, typeIds: number[] | undefined): void {
    const byId = this.#edges.get(pair(from, to));
    const edges = byId?.get(id);
    if (!byId || !edges) return;
    const left = edges.flatMap((edge) => {
      if (edge.to !== toId) return [edge];
      const kept = typeIds ? edge.typeIds.filter((typeId) => !typeIds.includes(typeId)) : [];
      return kept.length > 0 ? [{ to: edge.to, typeIds: kept }] : [];
    });
    if (left.length > 0) byId.set(id, left);
    else byId.delete(id);
  }
}
