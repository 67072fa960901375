import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { constants, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readPieces } from './pieces.js';

let folder: string;
let file: string;
const bytes = randomBytes(3 * 1024 * 1024 + 17);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hubflake-test-'));
  file = join(folder, 'file');
  writeFileSync(file, bytes);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const hash = (of: Buffer) => createHash('sha256').update(of).digest('hex');

/** A pipe into which another process writes the file. */
function pipe(): number {
  const path = join(folder, `pipe-${Math.random()}`);
  execFileSync('mkfifo', [path]);
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  spawn('sh', ['-c', 'cat "$0" > "$1"', file, path]);
  return fd;
}

async function collect(fd: number, look: (piece: Buffer, at: number) => Promise<void>): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  let at = 0;
  for await (const piece of readPieces(fd)) {
    pieces.push(Buffer.from(piece));
    await look(piece, at);
    at += piece.length;
  }
  return pieces;
}

test.each([
  ['file', () => openSync(file, 'r')],
  ['pipe', pipe],
])('a %s comes whole, and each piece stays as it is while it is looked at', async (_, open) => {
  const pieces = await collect(open(), async (piece, at) => {
    await sleep(3);
    expect(piece.equals(bytes.subarray(at, at + piece.length))).toBe(true);
  });
  expect(pieces.length).toBeGreaterThan(8);
  expect(hash(Buffer.concat(pieces))).toBe(hash(bytes));
});

test('what comes through a pipe while nobody asks for it waits', async () => {
  const source = readPieces(pipe())[Symbol.asyncIterator]();
  const first = Buffer.from((await source.next()).value as Buffer);
  await sleep(300);
  const rest: Buffer[] = [];
  for (let next = await source.next(); !next.done; next = await source.next()) rest.push(Buffer.from(next.value));
  expect(hash(Buffer.concat([first, ...rest]))).toBe(hash(bytes));
});
