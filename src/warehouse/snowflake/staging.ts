import { createHash } from 'node:crypto';
import { crashPoint } from '../../crash-point.js';
import { log } from '../../log.js';
import { Once } from '../once.js';
import type { SpoolFile } from '../spool.js';
import type { Pool } from './pool.js';
import { beginning, qualified } from './quote.js';
import { isGone, runName } from './run-name.js';
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
  /** What the names of the pipeline's stage tables begin with. */
  readonly #ours: string;
  readonly #run: string;
  #tables = 0;
  readonly #tidied = new Once<void>();

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
   * Drops what runs have left that were killed, once.
   *
   * @param isAlone whether all but this run's are of dead ones, as while it holds its pipeline's lease; else their names tell
   */
  tidy(steps: Steps, isAlone: boolean): Promise<void> {
    return this.#tidied.do(() => this.#dropLeftovers(steps, isAlone));
  }

  async #dropLeftovers(steps: Steps, isAlone: boolean): Promise<void> {
    const schema = qualified(this.#database, this.#schema);
    const found = await steps.run(`SHOW TERSE TABLES LIKE ${beginning(this.#ours)} IN SCHEMA ${schema}`);
    for (const { name } of found) {
      if (!String(name).startsWith(this.#ours) || String(name).includes(`_${this.#run}_`)) continue;
      if (!isAlone && !isGone(String(name).slice(this.#ours.length))) continue;
      log.info(`Dropping the stage table ${name} of a run that is gone.`);
      await steps.tidy(dropTable(qualified(this.#database, this.#schema, String(name))));
    }
  }

  /** The name of a batch's stage table: letters, digits and underscores, since that of its own stage is written without quotes. */
  nextName(): string {
    this.#tables += 1;
    return `${this.#ours}${runName(this.#run)}_${this.#tables}`;
  }

  /**
   * Loads files into a stage table, hands its full name to `body`, and drops it when that is done or has failed.
   *
   * @param name of {@link nextName}; of a batch that is written again, the one it had
   */
  async with<T>(
    steps: Steps,
    name: string,
    files: readonly SpoolFile[],
    body: (table: string) => Promise<T>,
  ): Promise<T> {
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
  const longest = UPLOAD_MS + (file.bytes / SLOWEST_UPLOAD) * 1000;
  const [row] = await steps.run(put(file.path, place), { longest, uploads: true });
  // The driver reports success for uploads that failed; only the status tells.
  const { status, message } = row ?? {};
  if (status !== 'UPLOADED' && status !== 'SKIPPED') {
    const error = new Error(`a file could not be uploaded: ${status ?? ''} ${message ?? ''}`.trim());
    throw steps.explain(error, { uploads: true });
  }
}

/** Every line is loaded, or it is an error. */
async function load(steps: Steps, files: readonly SpoolFile[], table: string, place: string): Promise<void> {
  const answer = await steps.run(copyInto(table, place));
  const loaded = answer.reduce((sum, row) => sum + Number(row.rows_loaded ?? 0), 0);
  const spooled = files.reduce((sum, file) => sum + file.rows, 0);
  if (loaded !== spooled) throw steps.explain(new Error(`${spooled} rows were spooled, but ${loaded} loaded`));
}
