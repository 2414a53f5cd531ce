/** How far two segments share their members, from three counts (SQL delivers them). */
export type Overlap = {
  /** |A and B| / |A or B|; 0 where both are empty. */
  jaccard: number;
  /** |A and B| / the smaller of both: 1 where one lies within the other. */
  containment: number;
  /** Over half by either measure: worth merging or telling apart. */
  flagged: boolean;
};

export function overlapOf(sizeA: number, sizeB: number, both: number): Overlap {
  if (!(both >= 0) || both > Math.min(sizeA, sizeB)) {
    throw new RangeError(`${both} in both of ${sizeA} and ${sizeB}`);
  }
  const either = sizeA + sizeB - both;
  const smaller = Math.min(sizeA, sizeB);
  const jaccard = either > 0 ? both / either : 0;
  const containment = smaller > 0 ? both / smaller : 0;
  return { jaccard, containment, flagged: jaccard > 0.5 || containment > 0.5 };
}
