import { setFlagsFromString } from 'node:v8';

/** V8's own is a quarter of it. */
const INTERRUPT_BUDGET = 270_336;
/** Of one function that is compiled into another, and of all of these, in bytes of bytecode; V8's own are 460 and 920. */
const MOST_INLINED = 80;
const MOST_INLINED_IN_ALL = 300;
/** Node 22's; from here on V8 has a compiler between, and other options. */
const FIRST_OTHER_V8 = 12;

/**
 * Has V8's optimizing compiler begin later and put fewer functions into others. Left alone, it is a sixth of what a `read` of 20,000
 * records costs. Such a read is 7 to 9 % cheaper so; long ones and `write` cost what they did. See docs/performance.md.
 */
export function compileSparingly(): void {
  setFlagsFromString(`--max-inlined-bytecode-size=${MOST_INLINED}`);
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${MOST_INLINED_IN_ALL}`);
  // An option that V8 does not know would be a line on stderr.
  if (Number.parseInt(process.versions.v8, 10) < FIRST_OTHER_V8)
    setFlagsFromString(`--interrupt-budget=${INTERRUPT_BUDGET}`);
}
