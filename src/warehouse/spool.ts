import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, type WriteStream } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createGzip, type Gzip } from 'node:zlib';
import { SpoolError } from '../errors.js';
import { log } from '../log.js';
import type { RecordChange } from '../protocol/messages.js';
import { startOf } from './process-life.js';
import { fitRecord } from './record-size.js';
import { safeData, wellFormedJson } from './spool-line.js';

/** Lines are handed to the compressor in blocks of about this size: one call a line would cost more than the compression. */
const BLOCK_BYTES = 128 * 1024;
/** Records are repetitive text; higher levels cost several times as much for a few percent. */
const GZIP_LEVEL = 1;

/** A finished file of spooled records. */
export interface SpoolFile {
  path: string;
  rows: number;
  /** Compressed size. */
  bytes: number;
  /** The longest line in it, uncompressed. */
  longestLine: number;
}

/** A record to spool. */
export interface SpoolRecord {
  /** The JSON text of the record's data. */
  data: Buffer;
  /** Epoch ms. */
  emittedAt: number;
  changes: readonly RecordChange[] | null;
}

/** Makes room on the disk once a file's records are in the warehouse, or never will be. */
export function removeSpoolFile(file: SpoolFile): void {
  rmSync(file.path, { force: true });
}

/** What a spool folder's name begins with on this machine: a folder that several machines share is not tidied by the others. */
const OURS = `hubflake-${createHash('sha256').update(hostname()).digest('hex').slice(0, 8)}-`;

/** Removes the folders of runs that are gone, which were killed before they could. */
function removeLeftovers(parent: string): void {
  for (const name of readdirSync(parent)) {
    const [, pid, started] = /^(\d+)-(\d*)-/.exec(name.startsWith(OURS) ? name.slice(OURS.length) : '') ?? [];
    if (pid === undefined || startOf(Number(pid)) === started) continue;
    log.info(`Removing the spool folder ${name} of a run that is gone.`);
    rmSync(join(parent, name), { recursive: true, force: true });
  }
}

/** The folder in which a run keeps its spool files; only this user can read it. */
export class SpoolFolder {
  readonly path: string;
  #files = 0;

  /** @param parent is created where only its last part is missing. Throws a SpoolError where it cannot be written. */
  constructor(parent: string) {
    try {
      // Not recursive: node 20 never comes back from that where a file system refuses folders with ENOENT, as /proc does.
      if (!existsSync(parent)) mkdirSync(parent);
      removeLeftovers(parent);
      this.path = mkdtempSync(join(parent, `${OURS}${process.pid}-${startOf(process.pid)}-`));
    } catch (error) {
      throw spoolError(parent, error);
    }
  }

  /** A name for the next file: numbers, since stream names may hold anything. */
  nextFile(): string {
    this.#files += 1;
    return join(this.path, `${this.#files}.json.gz`);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/**
 * Writes records into one compressed file, one JSON object a line:
 * `{"n": line, "t": extraction time in ms, "m": [change entries] or null, "d": the record's data}`.
 */
export class SpoolWriter {
  readonly #path: string;
  readonly #most: number;
  readonly #gzip: Gzip;
  readonly #file: WriteStream;
  #block: Buffer[] = [];
  #blockBytes = 0;
  #rows = 0;
  #longestLine = 0;
  #failure: SpoolError | null = null;
  readonly #closed: Promise<unknown>;

  /** @param longestLine bytes that the warehouse takes; what makes a record longer becomes null, see {@link fitRecord} */
  constructor(path: string, longestLine = Number.POSITIVE_INFINITY) {
    this.#path = path;
    this.#most = longestLine;
    this.#gzip = createGzip({ level: GZIP_LEVEL });
    this.#file = createWriteStream(path, { mode: 0o600, flags: 'wx' });
    const fail = (error: Error) => {
      this.#failure ??= spoolError(path, error);
      this.#gzip.destroy();
      this.#file.destroy();
    };
    this.#gzip.on('error', fail);
    this.#file.on('error', fail);
    this.#closed = once(this.#file, 'close').catch(() => undefined);
    this.#gzip.pipe(this.#file);
  }

  get rows(): number {
    return this.#rows;
  }

  /** Compressed bytes that have reached the file, plus what waits before the compressor. */
  get bytes(): number {
    return this.#file.bytesWritten + this.#blockBytes;
  }

  /** Takes a record; `line` orders records that nothing else tells apart. Await {@link drained} after each batch. */
  add(record: SpoolRecord, line: number): void {
    const safe = safeData(record.data);
    let noted = withChanges(record.changes, safe.changes);
    let before = envelope(record, line, noted);
    // A list of changes that was empty so far gets its brackets.
    const { data, changes } = fitRecord(safe.data, this.#most - before.length - END_OF_LINE.length - '[]'.length);
    if (changes.length > 0) {
      noted = withChanges(noted, changes);
      before = envelope(record, line, noted);
    }
    this.#block.push(before, data, END_OF_LINE);
    const bytes = before.length + data.length + END_OF_LINE.length;
    this.#blockBytes += bytes;
    this.#rows += 1;
    this.#longestLine = Math.max(this.#longestLine, bytes);
  }

  /** Resolves when more records may come. Throws a SpoolError when the file cannot be written. */
  async drained(): Promise<void> {
    if (this.#blockBytes >= BLOCK_BYTES) await this.#handOn();
  }

  /** Finishes the file. */
  async end(): Promise<SpoolFile> {
    await this.#handOn();
    this.#gzip.end();
    await this.#closed;
    if (this.#failure) throw this.#failure;
    return { path: this.#path, rows: this.#rows, bytes: this.#file.bytesWritten, longestLine: this.#longestLine };
  }

  async #handOn(): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (this.#blockBytes === 0) return;
    const block = Buffer.concat(this.#block, this.#blockBytes);
    this.#block = [];
    this.#blockBytes = 0;
    if (!this.#gzip.write(block)) await Promise.race([once(this.#gzip, 'drain').catch(() => undefined), this.#closed]);
    if (this.#failure) throw this.#failure;
  }
}

type Changes = readonly RecordChange[] | null;

function withChanges(changes: Changes, more: readonly RecordChange[]): Changes {
  return more.length > 0 ? [...(changes ?? []), ...more] : changes;
}

/** What stands before a record's data in its line. */
function envelope({ emittedAt }: SpoolRecord, line: number, changes: Changes): Buffer {
  const meta = changes && changes.length > 0 ? wellFormedJson(JSON.stringify(changes)) : 'null';
  return Buffer.from(`{"n":${line},"t":${emittedAt},"m":${meta},"d":`);
}

const END_OF_LINE = Buffer.from('}\n');

function spoolError(path: string, error: unknown): SpoolError {
  const { code, message } = error as NodeJS.ErrnoException;
  const why =
    code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG'
      ? 'the disk is full'
      : (code ?? message ?? String(error));
  return new SpoolError(
    `Records cannot be spooled to ${path}: ${why}. Make room there, or set spool_dir to a folder that can be written. ` +
      'What was committed stays, and the next run goes on from it.',
    { cause: error },
  );
}
