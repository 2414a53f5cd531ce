/** Bits of the filter: 8 MB, whatever the size of the file. */
const BITS = 2 ** 26;
const PROBES = 4;

/**
 * A memory of fixed size of which ids came before: a Bloom filter. `add` says whether an id may have been there
 * already; of a million ids it takes about three for repeats that are none, and never passes over one that is.
 */
export class SeenIds {
  readonly #bits = new Uint8Array(BITS / 8);

  add(id: string): boolean {
    const [start, step] = hashed(id);
    let isKnown = true;
    for (let probe = 0; probe < PROBES; probe += 1) {
      const at = (start + probe * step) % BITS;
      const bit = 1 << (at & 7);
      const byte = this.#bits[at >>> 3] ?? 0;
      if ((byte & bit) === 0) {
        isKnown = false;
        this.#bits[at >>> 3] = byte | bit;
      }
    }
    return isKnown;
  }
}

/** Two numbers below 2^32 that seem drawn at random: FNV-1a twice, each mixed by the end of MurmurHash3. */
function hashed(id: string): [number, number] {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (let index = 0; index < id.length; index += 1) {
    const code = id.charCodeAt(index);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x5bd1e995);
  }
  return [mixed(a), (mixed(b) | 1) >>> 0];
}

function mixed(given: number): number {
  let hash = given ^ (given >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
