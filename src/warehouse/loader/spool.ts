import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, type WriteStream } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createGzip, type Gzip } from 'node:zlib';
import { SpoolError } from '../../errors.js';
import { log } from '../../log.js';
import type { ByteText } from '../../protocol/json/byte-text.js';
import type { RecordChange } from '../../protocol/messages.js';
import { partsOf } from '../error-parts.js';
import { startOf } from './process-life.js';
import { fitRecord } from './record-size.js';
import { isSafe, safeData, wellFormedJson } from './spool-line.js';

/** Lines are written in blocks: a call for each line would cost more than the compression. */
const BLOCK_BYTES = 256 * 1024;
/** Node's default would make a write for every 16 KiB. */
const GZIP_CHUNK_BYTES = 64 * 1024;
/** Records are repetitive text; higher levels cost several times as much for a few percent. */
const GZIP_LEVEL = 1;

const anyData = (): boolean => true;

/** A finished file of spooled records. */
export interface SpoolFile {
  path: string;
  rows: number;
  /** Its size on the disk. */
  bytes: number;
  /** The longest line in it, uncompressed. */
  longestLine: number;
}

/** How a warehouse wants its files. */
export interface SpoolForm {
  /** Bytes of the longest line that it takes; unlimited by default. */
  longestLine?: number;
  /** By gzip; true by default. */
  compress?: boolean;
  /** The number of the file's batch in the run, which each line carries. */
  batch?: number;
  /** Called with what a record that cannot be loaded as it is has lost. */
  onChanges?(changes: readonly RecordChange[]): void;
}

/** A record to spool. */
export interface SpoolRecord {
  /** The JSON text of the record's data, in UTF-8. The spool keeps nothing of it. */
  data: Buffer | ByteText;
  /** Of a tombstone, the number of the set of fields that it carries; of a removal, -1; see `BatchContents`. */
  set?: number | null;
  /** Whether its row is to be left alone where it has the same values. */
  isCompared?: boolean;
  /** Whether it is known that nothing in the data has to be looked for, see {@link isSafe}. */
  isPlain?: boolean;
  /** Epoch ms. */
  emittedAt: number;
  /** When the source says that it was modified, in epoch ms; only of what has been modified lately. */
  modifiedAt?: number | undefined;
  changes: readonly RecordChange[] | null;
}

/** To be called once a file's records are in the warehouse, or never will be. */
export function removeSpoolFile(file: SpoolFile): void {
  rmSync(file.path, { force: true });
}

/** Begins the names of this machine's spool folders: machines that share a parent folder do not remove each other's. */
const OURS = `hubflake-${createHash('sha256').update(hostname()).digest('hex').slice(0, 8)}-`;

/** Removes the folders of runs that were killed. */
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
  /** In the process: where folders share a stage, a name that comes twice would be taken for a file that is loaded. */
  static #files = 0;
  readonly path: string;

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
  nextFile(isCompressed: boolean): string {
    SpoolFolder.#files += 1;
    return join(this.path, `${SpoolFolder.#files}.json${isCompressed ? '.gz' : ''}`);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/**
 * Writes records into one file, one JSON object a line:
 * `{"n": line, "b": batch, "s": set of fields, of a tombstone, or -1, of a removal, "t": extraction time in ms, "m": [change entries] or null, "d": the record's data}`.
 */
export class SpoolWriter {
  readonly #path: string;
  readonly #most: number;
  readonly #batch: number;
  readonly #onChanges: (changes: readonly RecordChange[]) => void;
  /** Where blocks go: the compressor before the file, or the file itself. */
  readonly #sink: Gzip | WriteStream;
  readonly #file: WriteStream;
  /** The block being filled, and how much of it is. */
  #block: Buffer = Buffer.alloc(0);
  #filled = 0;
  /** Full blocks that were not handed to the sink yet; the bytes of these and of those it has not written. */
  #full: Buffer[] = [];
  #fullBytes = 0;
  #sending: Promise<void> = Promise.resolve();
  /** A written block, to be filled again. */
  #spare: Buffer | null = null;
  #rows = 0;
  #longestLine = 0;
  #failure: SpoolError | null = null;
  /** Ends the wait for the sink, which calls back no more after a failure. */
  #giveUp: () => void = () => undefined;
  readonly #closed: Promise<unknown>;

  /** @param form what makes a record longer than the longest line becomes null, see {@link fitRecord} */
  constructor(path: string, form: SpoolForm = {}) {
    const { longestLine = Number.POSITIVE_INFINITY, compress = true, batch = 0, onChanges = () => undefined } = form;
    this.#path = path;
    this.#most = longestLine;
    this.#batch = batch;
    this.#onChanges = onChanges;
    this.#file = createWriteStream(path, { mode: 0o600, flags: 'wx' });
    const gzip = compress ? createGzip({ level: GZIP_LEVEL, chunkSize: GZIP_CHUNK_BYTES }) : null;
    this.#sink = gzip ?? this.#file;
    const fail = (error: Error) => {
      this.#failure ??= spoolError(path, error);
      gzip?.destroy();
      this.#file.destroy();
      this.#giveUp();
    };
    gzip?.on('error', fail);
    this.#file.on('error', fail);
    this.#closed = once(this.#file, 'close').catch(() => undefined);
    gzip?.pipe(this.#file);
  }

  get rows(): number {
    return this.#rows;
  }

  /** Bytes that have reached the file, plus what waits before it. */
  get bytes(): number {
    return this.#file.bytesWritten + this.#fullBytes + this.#filled;
  }

  /** Adds a record; `line` breaks ties in the order of versions. Await {@link drained} after each batch. */
  add(record: SpoolRecord, line: number): void {
    if (!this.#put(record, line, record.isPlain ? anyData : isSafe)) this.#put(this.#mended(record, line), line);
  }

  /**
   * Writes a line into the block, and checks its data there.
   *
   * @returns false where the line is too long or its data fails `isGood`; nothing is added then
   */
  #put(record: SpoolRecord, line: number, isGood?: (data: Buffer) => boolean): boolean {
    const { data, changes } = record;
    const before = envelope(record, line, this.#batch, changes);
    const bytes = byteLength(before, changes) + data.length + END_OF_LINE.length;
    if (isGood && bytes > this.#most) return false;
    if (this.#filled + bytes > this.#block.length) this.#nextBlock(bytes);
    const block = this.#block;
    const start = this.#filled + block.write(before, this.#filled, changes === null ? 'latin1' : 'utf8');
    if (typeof data === 'string') block.write(data, start, 'latin1');
    else block.set(data, start);
    const end = start + data.length;
    if (isGood && !isGood(block.subarray(start, end))) return false;
    this.#filled = end + block.write(END_OF_LINE, end, 'latin1');
    this.#rows += 1;
    this.#longestLine = Math.max(this.#longestLine, bytes);
    return true;
  }

  /** The record with what a warehouse cannot load replaced or left out. */
  #mended(record: SpoolRecord, line: number): SpoolRecord {
    const { emittedAt, set = null } = record;
    const safe = safeData(typeof record.data === 'string' ? Buffer.from(record.data, 'latin1') : record.data);
    const noted = withChanges(record.changes, safe.changes);
    const before = envelope(record, line, this.#batch, noted);
    // A list of changes that was empty so far gets its brackets.
    const room = this.#most - byteLength(before, noted) - END_OF_LINE.length - '[]'.length;
    const { data, changes } = fitRecord(safe.data, room);
    this.#onChanges([...safe.changes, ...changes]);
    return { data, emittedAt, set, changes: withChanges(noted, changes) };
  }

  /** Resolves when more records may come. Throws a SpoolError when the file cannot be written. */
  async drained(): Promise<void> {
    if (this.#full.length > 0) await this.#handOn();
  }

  /** Finishes the file. */
  async end(): Promise<SpoolFile> {
    this.#nextBlock(0);
    await this.#handOn();
    await this.#sending;
    if (this.#failure) throw this.#failure;
    this.#sink.end();
    await this.#closed;
    if (this.#failure) throw this.#failure;
    return { path: this.#path, rows: this.#rows, bytes: this.#file.bytesWritten, longestLine: this.#longestLine };
  }

  #nextBlock(least: number): void {
    if (this.#filled > 0) {
      this.#full.push(this.#block.subarray(0, this.#filled));
      this.#fullBytes += this.#filled;
    }
    this.#filled = 0;
    if (least > BLOCK_BYTES) {
      this.#block = Buffer.allocUnsafeSlow(least);
    } else {
      this.#block = least === 0 ? NO_BLOCK : (this.#spare ?? Buffer.allocUnsafeSlow(BLOCK_BYTES));
      this.#spare = null;
    }
  }

  /** Hands full blocks to the sink once it has written those before; it writes while the next are filled. */
  async #handOn(): Promise<void> {
    await this.#sending;
    if (this.#failure) throw this.#failure;
    const blocks = this.#full;
    this.#full = [];
    if (blocks.length > 0) this.#sending = this.#send(blocks);
  }

  #send(blocks: readonly Buffer[]): Promise<void> {
    return new Promise((resolve) => {
      this.#giveUp = resolve;
      let left = blocks.length;
      for (const block of blocks) {
        this.#sink.write(block, () => {
          this.#fullBytes -= block.length;
          if (block.buffer.byteLength === BLOCK_BYTES) this.#spare = Buffer.from(block.buffer);
          left -= 1;
          if (left === 0) resolve();
        });
      }
    });
  }
}

const NO_BLOCK = Buffer.alloc(0);

type Changes = readonly RecordChange[] | null;

function withChanges(changes: Changes, more: readonly RecordChange[]): Changes {
  return more.length > 0 ? [...(changes ?? []), ...more] : changes;
}

/** What stands before a record's data in its line. */
function envelope({ emittedAt, set = null }: SpoolRecord, line: number, batch: number, changes: Changes): string {
  const meta = changes && changes.length > 0 ? wellFormedJson(JSON.stringify(changes)) : 'null';
  return `{"n":${line},"b":${batch},${set === null ? '' : `"s":${set},`}"t":${emittedAt},"m":${meta},"d":`;
}

/** An envelope without changes is ASCII. */
function byteLength(before: string, changes: Changes): number {
  return changes === null ? before.length : Buffer.byteLength(before);
}

const END_OF_LINE = '}\n';

function spoolError(path: string, error: unknown): SpoolError {
  const { code, message } = partsOf(error);
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
