import { hostname } from 'node:os';
import { WarehouseBusyError } from '../../errors.js';
import { log } from '../../log.js';
import { machineId, startOf } from '../process-life.js';
import { literal } from './quote.js';
import type { Steps } from './steps.js';

/** Longer than anything between two commits takes, when the loader commits at least this often. */
const COMMITS = 3;
/** Tests cannot wait for a minute: they shorten it by the environment. */
const LEAST_SECONDS = Number(process.env.HUBFLAKE_LEASE_SECONDS ?? 60);

/** Who holds a lease: enough for another run on the same machine to see whether it lives. */
interface Owner {
  run: string;
  host: string;
  machine: string;
  pid: number;
  /** When the process began, in the kernel's ticks: process ids are used again. */
  started: string;
}

/**
 * A run's right to write for its pipeline: a row of the state table, by the warehouse's clock. Taken with the first write, prolonged
 * by those that follow. Its fence grows with each taking; what is written asks for it, so that a run that lost its lease while
 * it was paused writes nothing.
 */
export class Lease {
  readonly #table: string;
  readonly pipeline: string;
  readonly #owner: Owner;
  readonly #seconds: number;
  #fence: number | null = null;
  #taking: Promise<void> | null = null;
  #renewedAt = 0;

  /** @param table the full name of the state table @param flushMilliseconds how often there is a commit at least */
  constructor(table: string, pipeline: string, run: string, flushMilliseconds: number) {
    this.#table = table;
    this.pipeline = pipeline;
    this.#owner = {
      run,
      host: hostname(),
      machine: machineId(),
      pid: process.pid,
      started: startOf(process.pid) ?? '',
    };
    this.#seconds = Math.max(LEAST_SECONDS, Math.ceil((COMMITS * flushMilliseconds) / 1000));
  }

  get isHeld(): boolean {
    return this.#fence !== null;
  }

  /** A condition that holds as long as nobody has taken the lease over. Only once it is held. */
  get condition(): string {
    return (
      `EXISTS (SELECT 1 FROM ${this.#table} WHERE "PIPELINE" = ${literal(this.pipeline)} AND "STREAM" = '' ` +
      `AND "FENCE" = ${this.#fence})`
    );
  }

  /** Sees to it that the lease is held, and for long enough. Throws a WarehouseBusyError where another run holds it. */
  async hold(steps: Steps): Promise<void> {
    this.#taking ??= this.#take(steps);
    await this.#taking;
    if (Date.now() - this.#renewedAt < (this.#seconds * 1000) / COMMITS) return;
    this.#renewedAt = Date.now();
    const [row] = await steps.run(
      `UPDATE ${this.#table} SET "LEASE_UNTIL" = ${this.#until()} WHERE "PIPELINE" = ? AND "STREAM" = '' AND "FENCE" = ${this.#fence}`,
      { binds: [this.pipeline] },
    );
    if (Number(row?.['number of rows updated'] ?? 0) !== 1) throw this.lost();
  }

  /** What an error is about: where the lease is lost, about that, since another run has tidied up behind this one. */
  async explain(steps: Steps, error: unknown): Promise<unknown> {
    if (this.#fence === null || steps.session.broken) return error;
    const { fence } = await this.#holder(steps).catch(() => ({ fence: this.#fence }));
    return fence === this.#fence ? error : this.lost();
  }

  /** Gives it back, where it is still ours. */
  async release(steps: Steps): Promise<void> {
    await steps.tidy(
      `UPDATE ${this.#table} SET "LEASE_UNTIL" = NULL WHERE "PIPELINE" = ${literal(this.pipeline)} AND "STREAM" = '' AND "FENCE" = ${this.#fence}`,
    );
  }

  lost(): WarehouseBusyError {
    return new WarehouseBusyError(
      `Another run of the pipeline "${this.pipeline}" has taken over, because this one was silent for too long. This one writes nothing more; the other goes on.`,
    );
  }

  /** What to say where the states have moved on since this run began. */
  overtaken(): WarehouseBusyError {
    return new WarehouseBusyError(
      `Another run of the pipeline "${this.pipeline}" has written since this one began. This one stops, so that nothing is written twice. Run it again.`,
    );
  }

  async #take(steps: Steps): Promise<void> {
    const mine = JSON.stringify(this.#owner);
    await steps.run(
      [
        `MERGE INTO ${this.#table} t USING (SELECT ? AS PIPELINE, ? AS OWNER) s ON t."PIPELINE" = s.PIPELINE AND t."STREAM" = ''`,
        `WHEN MATCHED AND (t."LEASE_UNTIL" IS NULL OR t."LEASE_UNTIL" < CURRENT_TIMESTAMP()) THEN UPDATE SET "FENCE" = t."FENCE" + 1, "OWNER" = s.OWNER, "LEASE_UNTIL" = ${this.#until()}`,
        `WHEN NOT MATCHED THEN INSERT ("PIPELINE", "STREAM", "FENCE", "OWNER", "LEASE_UNTIL") VALUES (s.PIPELINE, '', 1, s.OWNER, ${this.#until()})`,
      ].join('\n'),
      { binds: [this.pipeline, mine] },
    );
    let holder = await this.#holder(steps);
    if (holder.owner !== mine && isDead(holder.owner)) {
      log.info(`The run that held the lease of the pipeline "${this.pipeline}" is gone; it is taken over.`);
      await steps.run(
        `UPDATE ${this.#table} SET "FENCE" = "FENCE" + 1, "OWNER" = ?, "LEASE_UNTIL" = ${this.#until()} WHERE "PIPELINE" = ? AND "STREAM" = '' AND "FENCE" = ${holder.fence}`,
        { binds: [mine, this.pipeline] },
      );
      holder = await this.#holder(steps);
    }
    if (holder.owner !== mine) throw this.#busy(holder);
    this.#fence = holder.fence;
    this.#renewedAt = Date.now();
  }

  /** Two runs that made the row at the same moment made two: the first by name counts. */
  async #holder(steps: Steps): Promise<{ owner: string; fence: number; until: string }> {
    const rows = await steps.run(
      `SELECT "OWNER", "FENCE", "LEASE_UNTIL" FROM ${this.#table} WHERE "PIPELINE" = ? AND "STREAM" = '' ORDER BY "OWNER"`,
      { binds: [this.pipeline] },
    );
    const until = rows[0]?.LEASE_UNTIL;
    return {
      owner: String(rows[0]?.OWNER),
      fence: Number(rows[0]?.FENCE),
      until: until instanceof Date ? new Date(until.getTime()).toISOString() : String(until),
    };
  }

  #busy({ owner, until }: { owner: string; until: string }): WarehouseBusyError {
    const { host, pid } = parseOwner(owner);
    return new WarehouseBusyError(
      `Another run of the pipeline "${this.pipeline}" is going on${host === undefined ? '' : ` (process ${pid} on ${host})`}; its lease lasts until ${until}. This one stops. Let the other finish, or give the pipelines different names.`,
    );
  }

  #until(): string {
    return `DATEADD(second, ${this.#seconds}, CURRENT_TIMESTAMP())`;
  }
}

function parseOwner(text: string): Partial<Owner> {
  try {
    return JSON.parse(text) as Partial<Owner>;
  } catch {
    return {};
  }
}

/** Whether a run is known to be gone: it was on this machine, and its process is not there any more. */
function isDead(text: string): boolean {
  const { machine, pid, started } = parseOwner(text);
  if (machine !== machineId() || pid === undefined) return false;
  return startOf(pid) !== started;
}
