import { hostname } from 'node:os';
import { type HubflakeError, LeaseLostError, WarehouseBusyError } from '../../errors.js';
import { log } from '../../log.js';
import { messageOf } from '../error-parts.js';
import { machineId, startOf } from '../loader/process-life.js';
import { Once } from '../once.js';
import type { Row } from './session/session.js';
import type { StatementRunner } from './session/statement-runner.js';
import { literal } from './sql/quote.js';
import { positions } from './sql/states.js';

/** Renewals within the duration of a lease. */
const BEATS = 3;
/** A lease lasts for so many commits at least; no longer than needed, since a run killed on another machine blocks the next one. */
const COMMITS = 3;

/** Who holds a lease: enough for another run on the same machine to see whether it lives. */
interface Owner {
  run: string;
  host: string;
  machine: string;
  pid: number;
  /** When the process began, in the kernel's ticks: process ids are used again. */
  started: string;
}

/** A lease as the warehouse has it. */
interface Holder {
  owner: string;
  fence: number;
  /** null: it was given back. */
  until: string | null;
}

/**
 * A run's exclusive right to write for its pipeline: a row of the state table, by the warehouse's clock. Acquired before the first
 * write, and renewed while the run lasts. Each acquisition increments the fence, which every write checks: a run that lost its lease
 * while it was paused writes nothing.
 */
export class Lease {
  readonly #table: string;
  readonly pipeline: string;
  readonly #owner: Owner;
  readonly #seconds: number;
  /** Runs something on a session of its own. */
  readonly #aside: (body: (steps: StatementRunner) => Promise<void>) => Promise<void>;
  readonly #onLost: (error: HubflakeError) => void;
  readonly #taken = new Once<void>();
  #found: Holder | null = null;
  #fence: number | null = null;
  /** What the table of states had when it was last looked at: see {@link positions}. */
  rows: readonly Row[] = [];
  #beat: NodeJS.Timeout | null = null;

  /**
   * @param table the full name of the state table @param pipeline.flushMilliseconds how often there is a commit at least
   * @param onLost called once another run has taken over
   */
  constructor(
    table: string,
    pipeline: { name: string; run: string; flushMilliseconds: number; leastLease: number },
    aside: (body: (steps: StatementRunner) => Promise<void>) => Promise<void>,
    onLost: (error: HubflakeError) => void,
  ) {
    this.#table = table;
    this.pipeline = pipeline.name;
    this.#owner = {
      run: pipeline.run,
      host: hostname(),
      machine: machineId(),
      pid: process.pid,
      started: startOf(process.pid) ?? '',
    };
    this.#seconds = Math.ceil(Math.max(pipeline.leastLease, COMMITS * pipeline.flushMilliseconds) / 1000);
    this.#aside = aside;
    this.#onLost = onLost;
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

  /** Notes the lease that was seen when states were loaded. */
  found(row: { owner: unknown; fence: unknown; until: unknown }): void {
    const holder = holderOf(row);
    if (holder.until !== null) this.#found = holder;
  }

  /** Throws a WarehouseBusyError where a run that may still live holds the lease that was {@link found}. */
  async refuseOthers(steps: StatementRunner): Promise<void> {
    const found = this.#found;
    if (found === null || found.until === null || isDead(found.owner)) return;
    const held = await steps.run(
      `SELECT 1 FROM ${this.#table} WHERE "PIPELINE" = ? AND "STREAM" = '' AND "LEASE_UNTIL" > CURRENT_TIMESTAMP()`,
      { binds: [this.pipeline] },
    );
    if (held.length > 0) throw this.#busy(found);
  }

  /** Acquires the lease and keeps it renewed. Throws a WarehouseBusyError where another run holds it. */
  async hold(steps: StatementRunner): Promise<void> {
    await this.#taken.do(() => this.#take(steps));
    this.#beat ??= setInterval(() => void this.#prolong(), (this.#seconds * 1000) / BEATS).unref();
  }

  /** Whether nobody has taken it over. */
  async isOurs(steps: StatementRunner): Promise<boolean> {
    return (await this.#holders(steps)).some(({ fence }) => fence === this.#fence);
  }

  /** The error to report: where the lease is lost, that, since the other run may have dropped this one's tables. */
  async explain(steps: StatementRunner, error: unknown): Promise<unknown> {
    if (this.#fence === null || steps.session.broken) return error;
    return (await this.isOurs(steps).catch(() => true)) ? error : this.lost();
  }

  /** Releases the lease, if it is still ours. */
  async release(steps: StatementRunner): Promise<void> {
    this.stop();
    await steps.tidy(
      `UPDATE ${this.#table} SET "LEASE_UNTIL" = NULL WHERE "PIPELINE" = ${literal(this.pipeline)} AND "STREAM" = '' AND "FENCE" = ${this.#fence}`,
    );
  }

  /** Prolongs it no more. */
  stop(): void {
    if (this.#beat) clearInterval(this.#beat);
    this.#beat = null;
  }

  lost(): LeaseLostError {
    return new LeaseLostError(
      `Another run of the pipeline "${this.pipeline}" has taken over, because this one was silent for too long. This one writes nothing more; the other goes on.`,
    );
  }

  overtaken(): LeaseLostError {
    return new LeaseLostError(
      `Another run of the pipeline "${this.pipeline}" has written since this one began. This one writes nothing; the next run goes on from there.`,
    );
  }

  /** A failed renewal is retried with the next one. Should the lease expire meanwhile, writes still check the fence. */
  async #prolong(): Promise<void> {
    try {
      await this.#aside(async (steps) => {
        const [row] = await steps.run(
          `UPDATE ${this.#table} SET "LEASE_UNTIL" = ${this.#until()} WHERE "PIPELINE" = ? AND "STREAM" = '' AND "FENCE" = ${this.#fence}`,
          { binds: [this.pipeline] },
        );
        if (Number(row?.['number of rows updated'] ?? 0) > 0) return;
        this.stop();
        this.#onLost(this.lost());
      });
    } catch (error) {
      log.debug(`The lease was not prolonged: ${messageOf(error)}`);
    }
  }

  async #take(steps: StatementRunner): Promise<void> {
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
  }

  /**
   * Who holds it. Two runs that inserted the row at the same moment have made two: the one with the highest fence counts, then that of
   * the first owner by name; the others are deleted.
   */
  async #holder(steps: StatementRunner): Promise<Holder> {
    const [first, ...others] = await this.#holders(steps);
    if (first && others.length > 0) await this.#leaveOne(steps, first);
    return first ?? holderOf({ owner: '', fence: 0, until: null });
  }

  async #holders(steps: StatementRunner): Promise<Holder[]> {
    this.rows = await steps.run(positions(this.#table));
    return this.rows
      .filter(({ PIPELINE, STREAM }) => PIPELINE === this.pipeline && STREAM === '')
      .map((row) => holderOf({ owner: row.OWNER, fence: row.FENCE, until: row.LEASE_UNTIL }))
      .sort((a, b) => b.fence - a.fence || (a.owner < b.owner ? -1 : 1));
  }

  async #leaveOne(steps: StatementRunner, { owner, fence }: Holder): Promise<void> {
    await steps.run('BEGIN');
    try {
      await steps.run(`DELETE FROM ${this.#table} WHERE "PIPELINE" = ? AND "STREAM" = ''`, { binds: [this.pipeline] });
      await steps.run(
        `INSERT INTO ${this.#table} ("PIPELINE", "STREAM", "FENCE", "OWNER", "LEASE_UNTIL") SELECT ?, '', ${fence}, ?, ${this.#until()}`,
        { binds: [this.pipeline, owner] },
      );
      await steps.run('COMMIT');
    } catch (error) {
      await steps.tidy('ROLLBACK');
      throw error;
    }
  }

  #busy({ owner, until }: Holder): WarehouseBusyError {
    const { host, pid } = parseOwner(owner);
    return new WarehouseBusyError(
      `Another run of the pipeline "${this.pipeline}" is going on${host === undefined ? '' : ` (process ${pid} on ${host})`}; its lease lasts until ${until}. This one stops. Let the other finish, or give the pipelines different names.`,
    );
  }

  #until(): string {
    return `DATEADD(second, ${this.#seconds}, CURRENT_TIMESTAMP())`;
  }
}

function holderOf({ owner, fence, until }: { owner: unknown; fence: unknown; until: unknown }): Holder {
  return {
    owner: String(owner),
    fence: Number(fence),
    until: until === null ? null : until instanceof Date ? new Date(until.getTime()).toISOString() : String(until),
  };
}

function parseOwner(text: string): Partial<Owner> {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** Whether a run is known to be gone: it was on this machine, and its process no longer runs. */
function isDead(text: string): boolean {
  const { machine, pid, started } = parseOwner(text);
  if (machine !== machineId() || pid === undefined) return false;
  return startOf(pid) !== started;
}
