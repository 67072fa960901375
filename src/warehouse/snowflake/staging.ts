import { crashPoint } from '../../crash-point.js';
import type { SpoolFile } from '../spool.js';
import type { Pool } from './pool.js';
import { qualified } from './quote.js';
import type { Steps } from './steps.js';
import { copyInto, createStageTable, dropTable, put, tableStage } from './tables.js';

/** An upload that is slower than this is given up: bytes per second, and what each file may take besides. */
const SLOWEST_UPLOAD = 50_000;
const UPLOAD_MS = 120_000;

/** Where a run's batches are loaded to: each into a table of its own, whose name no other run has. */
export class Staging {
  readonly #pool: Pool;
  readonly #database: string;
  readonly #schema: string;
  readonly #run: string;
  #tables = 0;

  /** @param runId letters and digits that no other run has */
  constructor(pool: Pool, database: string, schema: string, runId: string) {
    this.#pool = pool;
    this.#database = database;
    this.#schema = schema;
    this.#run = runId;
  }

  /** Loads files into a stage table, hands its full name to `body`, and drops it when that is done or has failed. */
  async with<T>(steps: Steps, files: readonly SpoolFile[], body: (table: string) => Promise<T>): Promise<T> {
    this.#tables += 1;
    // Letters, digits and underscores: the name of a table's own stage is written without quotes.
    const name = `_HUBFLAKE_STAGE_${this.#run}_${this.#tables}`;
    const table = qualified(this.#database, this.#schema, name);
    const place = tableStage(this.#database, this.#schema, name);
    try {
      await steps.run(createStageTable(table), {
        needs: `CREATE TABLE ON SCHEMA ${qualified(this.#database, this.#schema)}`,
      });
      await this.#upload(steps, files, place);
      crashPoint('after-put');
      await load(steps, files, table, place);
      crashPoint('after-copy');
      return await body(table);
    } finally {
      await steps.tidy(dropTable(table));
    }
  }

  /** Uploads files side by side: the first over the session that waits for it, the others over sessions of their own. */
  async #upload(steps: Steps, [first, ...others]: readonly SpoolFile[], place: string): Promise<void> {
    const uploads = others.map((file) => this.#pool.use((session) => uploadOne(steps.on(session), file, place)));
    if (first) uploads.push(uploadOne(steps, first, place));
    const outcomes = await Promise.allSettled(uploads);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }
}

async function uploadOne(steps: Steps, file: SpoolFile, place: string): Promise<void> {
  const [row] = await steps.run(put(file.path, place), { longest: UPLOAD_MS + (file.bytes / SLOWEST_UPLOAD) * 1000 });
  // The driver reports success for uploads that failed; only the status tells.
  const { status, message } = row ?? {};
  if (status !== 'UPLOADED' && status !== 'SKIPPED') {
    throw steps.explain(new Error(`a file could not be uploaded: ${status ?? ''} ${message ?? ''}`.trim()));
  }
}

/** Every line is loaded, or it is an error. */
async function load(steps: Steps, files: readonly SpoolFile[], table: string, place: string): Promise<void> {
  const answer = await steps.run(copyInto(table, place));
  const loaded = answer.reduce((sum, row) => sum + Number(row.rows_loaded ?? 0), 0);
  const spooled = files.reduce((sum, file) => sum + file.rows, 0);
  if (loaded !== spooled) throw steps.explain(new Error(`${spooled} rows were spooled, but ${loaded} loaded`));
}
