import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { reachedStep } from '../../commit-steps.js';
import { log } from '../../log.js';
import type { SpoolFile } from '../loader/spool.js';
import { Once } from '../once.js';
import { isGone, runName } from './run-name.js';
import type { Pool } from './session/pool.js';
import type { StatementRunner } from './session/statement-runner.js';
import { beginning, qualified } from './sql/quote.js';
import { copyInto, createStageTable, dropTable, put, tableStage } from './sql/tables.js';

/** The timeout of an upload: by the file's size, at so many bytes per second, and so much for every file. */
const SLOWEST_UPLOAD = 50_000;
const UPLOAD_MS = 120_000;
/** A stage table takes further batches as long as all of them together are cheap to read. */
const MOST_KEPT_BYTES = 8 * 1024 * 1024;
/** A stage table is used no longer: other runs drop tables whose names say that they are too old to be in use. */
const LONGEST_KEPT_MS = 3600_000;

/** A table that batches are loaded into, one after the other. */
interface StageTable {
  name: string;
  /** Compressed bytes that were loaded into it. */
  bytes: number;
  /** Epoch ms. */
  madeAt: number;
  /** Whether all batches in it were written; otherwise it may have lines of a batch that is retried. */
  isSound: boolean;
}

/**
 * A run's stage tables, whose names no other run has. Small batches share one, which saves creating and dropping a table for each;
 * every line has its batch's number.
 */
export class Staging {
  readonly #pool: Pool;
  readonly #database: string;
  readonly #schema: string;
  /** What the names of the pipeline's stage tables begin with. */
  readonly #ours: string;
  readonly #run: string;
  #made = 0;
  readonly #idle: StageTable[] = [];
  readonly #tidied = new Once<void>();
  /** What TMPDIR was before. */
  #before: { folder: string | undefined } | null = null;

  /** @param runId hexadecimal digits that no other run has */
  constructor(pool: Pool, database: string, schema: string, pipeline: string | null, runId: string) {
    this.#pool = pool;
    this.#database = database;
    this.#schema = schema;
    const hash = createHash('sha256')
      .update(pipeline ?? '')
      .digest('hex')
      .slice(0, 8)
      .toUpperCase();
    this.#ours = `_HUBFLAKE_STAGE_${hash}_`;
    this.#run = runId;
  }

  /**
   * Drops, once, the stage tables of runs that were killed.
   *
   * @param isAlone whether no other run of the pipeline is alive, as while this one holds the lease; otherwise the names tell
   */
  tidy(steps: StatementRunner, isAlone: boolean): Promise<void> {
    return this.#tidied.do(() => this.#dropLeftovers(steps, isAlone));
  }

  async #dropLeftovers(steps: StatementRunner, isAlone: boolean): Promise<void> {
    const schema = qualified(this.#database, this.#schema);
    const found = await steps.run(`SHOW TERSE TABLES LIKE ${beginning(this.#ours)} IN SCHEMA ${schema}`);
    for (const { name } of found) {
      if (!String(name).startsWith(this.#ours) || String(name).includes(`_${this.#run}_`)) continue;
      if (!isAlone && !isGone(String(name).slice(this.#ours.length))) continue;
      log.info(`Dropping the stage table ${name} of a run that is gone.`);
      await steps.tidy(dropTable(this.#fullName(String(name))));
    }
  }

  /** Whether there are tables that {@link drop} would drop. */
  get isUsed(): boolean {
    return this.#idle.length > 0;
  }

  /** Drops the run's tables. */
  async drop(steps: StatementRunner): Promise<void> {
    for (const { name } of this.#idle.splice(0)) await steps.tidy(dropTable(this.#fullName(name)));
  }

  /** Loads a batch's files into a stage table, and calls `body` with its full name. */
  async with<T>(steps: StatementRunner, files: readonly SpoolFile[], body: (table: string) => Promise<T>): Promise<T> {
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const stage = await this.#lend(steps, bytes);
    stage.bytes += bytes;
    const table = this.#fullName(stage.name);
    try {
      await this.#upload(steps, files, stage.name);
      reachedStep('after-put');
      await load(steps, files, table, tableStage(stage.name));
      reachedStep('after-copy');
      const result = await body(table);
      stage.isSound = true;
      return result;
    } finally {
      this.#idle.push(stage);
    }
  }

  /** A table that no other batch is using. It counts as unsound until the batch is written. */
  async #lend(steps: StatementRunner, bytes: number): Promise<StageTable> {
    await steps.enterSchema();
    const stage = this.#idle.pop() ?? { name: this.#nextName(), bytes: 0, madeAt: Date.now(), isSound: false };
    const isKept = stage.isSound && stage.bytes + bytes <= MOST_KEPT_BYTES;
    stage.isSound = false;
    try {
      if (isKept && Date.now() - stage.madeAt < LONGEST_KEPT_MS) return stage;
      if (Date.now() - stage.madeAt >= LONGEST_KEPT_MS) {
        await steps.tidy(dropTable(this.#fullName(stage.name)));
        Object.assign(stage, { name: this.#nextName(), madeAt: Date.now() });
      }
      const needs = `CREATE TABLE ON SCHEMA ${qualified(this.#database, this.#schema)}`;
      await steps.run(createStageTable(this.#fullName(stage.name)), { needs });
      stage.bytes = 0;
      return stage;
    } catch (error) {
      this.#idle.push(stage);
      throw error;
    }
  }

  /** The driver encrypts a copy of each file in the temporary folder. Set to the spool, copies of a killed run go with its spool. */
  #encryptIn(folder: string): void {
    if (process.env.TMPDIR !== folder) this.#before = { folder: process.env.TMPDIR };
    process.env.TMPDIR = folder;
  }

  /** Restores the process's temporary folder. */
  leave(): void {
    if (this.#before === null) return;
    if (this.#before.folder === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = this.#before.folder;
    this.#before = null;
  }

  /** Letters, digits and underscores, since the name of a table's own stage is written without quotes. */
  #nextName(): string {
    this.#made += 1;
    return `${this.#ours}${runName(this.#run)}_${this.#made}`;
  }

  #fullName(name: string): string {
    return qualified(this.#database, this.#schema, name);
  }

  /** Uploads files in parallel: the first over the commit's session, the others over sessions of their own. */
  async #upload(steps: StatementRunner, [first, ...others]: readonly SpoolFile[], stage: string): Promise<void> {
    if (first) this.#encryptIn(dirname(first.path));
    const place = tableStage(stage);
    const uploads = others.map((file) =>
      this.#pool.use(async (session) => {
        const own = steps.on(session);
        await own.enterSchema();
        await uploadOne(own, file, place);
      }),
    );
    if (first) uploads.push(uploadOne(steps, first, place));
    const outcomes = await Promise.allSettled(uploads);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }
}

async function uploadOne(steps: StatementRunner, file: SpoolFile, place: string): Promise<void> {
  const longest = UPLOAD_MS + (file.bytes / SLOWEST_UPLOAD) * 1000;
  const [row] = await steps.run(put(file.path, place), { longest, uploads: true, isOwn: true });
  // The driver reports success for uploads that failed; only the status tells.
  const { status, message } = row ?? {};
  if (status !== 'UPLOADED' && status !== 'SKIPPED') {
    const error = new Error(`a file could not be uploaded: ${status ?? ''} ${message ?? ''}`.trim());
    throw steps.explain(error, { uploads: true, isOwn: true });
  }
}

/** Every line is loaded, or it is an error. */
async function load(steps: StatementRunner, files: readonly SpoolFile[], table: string, place: string): Promise<void> {
  const answer = await steps.run(copyInto(table, place), { isOwn: true });
  const loaded = answer.reduce((sum, row) => sum + Number(row.rows_loaded ?? 0), 0);
  const spooled = files.reduce((sum, file) => sum + file.rows, 0);
  if (loaded !== spooled) throw steps.explain(new Error(`${spooled} rows were spooled, but ${loaded} loaded`));
}
