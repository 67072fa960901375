import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as slow from './json-skip.js';

/**
 * The walk of json-skip.ts, done by WebAssembly for bytes that lie in its memory: in a third of the time, since it looks at sixteen bytes
 * of a string at once. Only {@link walkableBuffer} makes such bytes.
 */

/** What `scripts/compile-walk.mjs` made of json-walk.as.ts when this was built; sources that run as they are have none. */
const COMPILED = fileURLToPath(new URL('./json-walk.wasm', import.meta.url));
/** Of 64 KiB each. It never grows, which would take the memory away from the buffers in it. */
const PAGES = 16;
const PAGE_BYTES = 65_536;
/** Zeros behind each buffer, which nobody writes to: no walk goes on at one, so that none comes to the end of the memory. */
const SLACK = 64;
const OPEN_OBJECT = 0x7b;

interface Walk {
  memory: ArrayBuffer;
  /** Address and depth of a value; the address behind it, or -1. */
  skipValue(at: number, depth: number): number;
  oddities: { value: number };
}

let walk: Walk | null = null;
/** Bytes of its memory that were given away. */
let used = 0;

/** A buffer in the memory of the walk, or where there is no such memory any more, any buffer. */
export function walkableBuffer(length: number): Buffer {
  walk ??= loadWalk();
  if (walk === null || used + length + SLACK > PAGES * PAGE_BYTES) return Buffer.allocUnsafeSlow(length);
  const buffer = Buffer.from(walk.memory, used, length);
  used += length + SLACK;
  return buffer;
}

function loadWalk(): Walk | null {
  if (!existsSync(COMPILED)) return null;
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(COMPILED)), { env: { memory } });
  return { ...(exports as unknown as Walk), memory: memory.buffer };
}

/** Walks over one value that starts at `at`; returns the offset behind it. Throws JsonSyntaxError. */
export function walkValue(bytes: Buffer, at: number, depth = 0): number {
  if (walk !== null && bytes[at] === OPEN_OBJECT && bytes.buffer === walk.memory) {
    const end = walk.skipValue(bytes.byteOffset + at, depth) - bytes.byteOffset;
    // It knows no end but that of the value, which may lie behind these bytes.
    if (end > at && end <= bytes.length) return end;
  }
  return slow.skipValue(bytes, at, depth);
}

/**
 * How many escapes, and numbers of more than 15 characters, all walks so far have come by: where it is the same before and after a
 * walk, there are none in what was walked over, and nobody has to look for them again.
 */
export function odditiesMet(): number {
  return slow.odditiesMet() + (walk === null ? 0 : walk.oddities.value);
}
