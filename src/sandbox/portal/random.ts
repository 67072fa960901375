/** FNV-1a over the UTF-16 units of `text`: the same text and seed give the same 32 bits on every machine. */
export function hashText(text: string, seed = 0): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/**
 * Mixes two numbers into 32 bits (murmur3's finaliser). Values of sample records are a function of property and id,
 * so that 200,000 records need no memory for values nobody changed.
 */
export function mix(a: number, b: number): number {
  let hash = (a ^ Math.imul(b >>> 0, 0x9e3779b1) ^ Math.imul(Math.floor(b / 0x100000000), 0x85ebca6b)) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The same hash as a fraction in [0, 1). */
export function fraction(a: number, b: number): number {
  return mix(a, b) / 0x100000000;
}

/** A seeded sequence of fractions in [0, 1) (mulberry32). */
export function sequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 0x100000000;
  };
}
