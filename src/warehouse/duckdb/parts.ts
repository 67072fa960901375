import { createReadStream, createWriteStream, truncateSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { removeSpoolFile, type SpoolFile } from '../loader/spool.js';
import { isOutOfMemory } from './memory.js';

const END_OF_LINE = 0x0a;

/** Files of a batch that are written by one statement. */
export type Part = readonly SpoolFile[];

/**
 * Writes a batch. Parts that do not fit into memory are halved, down to single records. Throws the error of a write that failed for
 * another reason, or of a part that cannot be halved.
 *
 * @param together whether all parts are one write, which is repeated as a whole; otherwise each part is a write of its own
 * @param write writes some parts, all of them or nothing @param divided called with the number of records in the largest part
 */
export async function inParts(
  files: Part,
  together: boolean,
  write: (parts: readonly Part[]) => Promise<void>,
  divided: (records: number) => void,
): Promise<void> {
  let left: Part[] = [files];
  const made: SpoolFile[] = [];
  try {
    while (left.length > 0) {
      const parts = together ? left : left.slice(0, 1);
      const others = left.slice(parts.length);
      try {
        await write(parts);
        left = others;
      } catch (error) {
        if (!isOutOfMemory(error)) throw error;
        const halves: Part[] = [];
        for (const part of parts) halves.push(...(await halve(part)));
        if (halves.length === parts.length) throw error;
        made.push(...halves.flat());
        divided(Math.max(...halves.map(rowsOf)));
        left = [...halves, ...others];
      }
    }
  } finally {
    for (const file of made) removeSpoolFile(file);
  }
}

/** How many records a part has. */
export function rowsOf(part: Part): number {
  return part.reduce((sum, file) => sum + file.rows, 0);
}

/** DuckDB takes memory for 2,048 values of each column, however few the records: if so small a part does not fit, none does. */
const SMALL = { rows: 32, bytes: 1024 * 1024 };

/** Halves a part between its files; a single file is cut in two. A small part is returned as it is. */
async function halve(part: Part): Promise<Part[]> {
  const [first] = part;
  const isSmall = rowsOf(part) <= SMALL.rows && part.reduce((sum, file) => sum + file.bytes, 0) <= SMALL.bytes;
  if (isSmall) return [part];
  const middle = Math.ceil(part.length / 2);
  if (part.length > 1) return [part.slice(0, middle), part.slice(middle)];
  return first === undefined || first.rows < 2 ? [part] : (await halveFile(first)).map((half) => [half]);
}

async function halveFile(file: SpoolFile): Promise<SpoolFile[]> {
  const rows = Math.ceil(file.rows / 2);
  const bytes = await endOfLine(file.path, rows);
  const path = `${file.path}-${rows}`;
  await pipeline(createReadStream(file.path, { start: bytes }), createWriteStream(path, { mode: 0o600 }));
  truncateSync(file.path, bytes);
  return [
    { ...file, rows, bytes },
    { ...file, path, rows: file.rows - rows, bytes: file.bytes - bytes },
  ];
}

/** Where so many lines of a file end. */
async function endOfLine(path: string, lines: number): Promise<number> {
  let before = 0;
  let found = 0;
  const chunks: AsyncIterable<Buffer> = createReadStream(path);
  for await (const chunk of chunks) {
    for (let at = chunk.indexOf(END_OF_LINE); at !== -1; at = chunk.indexOf(END_OF_LINE, at + 1)) {
      found += 1;
      if (found === lines) return before + at + 1;
    }
    before += chunk.length;
  }
  throw new Error(`${path} has fewer than ${lines} lines`);
}
