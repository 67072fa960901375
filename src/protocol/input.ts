import { isUtf8 } from 'node:buffer';

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export interface Line {
  /** The line in valid UTF-8, without its newline. */
  bytes: Buffer;
  /** Counted from 1. */
  number: number;
}

/**
 * Splits a byte stream into lines of any length, many at a time. Blank lines are counted but skipped; a byte order mark at the
 * start and carriage returns at line ends are dropped; bytes that are not UTF-8 become U+FFFD.
 *
 * The memory of a chunk may be reused: a line is only valid until the next batch of lines is requested.
 */
export async function* readLines(input: AsyncIterable<Buffer | string>): AsyncGenerator<Line[]> {
  let pending: Buffer[] = [];
  let number = 0;

  const finish = (bytes: Buffer): Line | null => {
    number += 1;
    let line = pending.length > 0 ? Buffer.concat([...pending, bytes]) : bytes;
    pending = [];
    if (number === 1 && line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf) line = line.subarray(3);
    if (line.at(-1) === CARRIAGE_RETURN) line = line.subarray(0, -1);
    if (isBlank(line)) return null;
    return { bytes: isUtf8(line) ? line : Buffer.from(line.toString('utf8'), 'utf8'), number };
  };

  for await (const piece of input) {
    const chunk = typeof piece === 'string' ? Buffer.from(piece, 'utf8') : piece;
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const line = finish(chunk.subarray(start, end));
      if (line) lines.push(line);
      start = end + 1;
    }
    // Copied, since the chunk may not outlive the next.
    if (start < chunk.length) pending.push(Buffer.from(chunk.subarray(start)));
    if (lines.length > 0) yield lines;
  }
  if (pending.length > 0) {
    const line = finish(Buffer.alloc(0));
    if (line) yield [line];
  }
}

function isBlank(line: Buffer): boolean {
  for (const byte of line) if (byte !== 0x20 && byte !== 0x09) return false;
  return true;
}
