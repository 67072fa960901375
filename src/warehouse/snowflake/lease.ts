import { hostname } from 'node:os';
import { type HubflakeError, LeaseLostError, WarehouseBusyError } from '../../errors.js';
import { log } from '../../log.js';
import { machineId, startOf } from '../loader/process-life.js';
import { Once } from '../once.js';
import type { Row } from './session/session.js';
import type { Steps } from './session/steps.js';
import { literal } from './sql/quote.js';
import { positions } from './sql/states.js';

/** A lease is prolonged so many times before it would run out. */
const BEATS = 3;
/** Commits that a lease outlasts at least: a run that was killed elsewhere blocks the next one no longer than it must. */
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

/** A lease as the warehouse has it. */
interface Holder {
  owner: string;
  fence: number;
  /** null: it was given back. */
  until: string | null;
}

/**
 * A run's right to write for its pipeline: a row of the state table, by the warehouse's clock. Taken before the first write, and prolonged
 * while the run lasts. Its fence grows with each taking; what is written asks for it, so that a run that lost its lease while it
 * was paused writes nothing.
 */
export class Lease {
  readonly #table: string;
  readonly pipeline: string;
  readonly #owner: Owner;
  readonly #seconds: number;
  /** Runs something with a session that nothing else uses. */
  readonly #aside: (body: (steps: Steps) => Promise<void>) => Promise<void>;
  readonly #onLost: (error: HubflakeError) => void;
  readonly #taken = new Once<void>();
  #found: Holder | null = null;
  #fence: number | null = null;
  /** What the table of states had when it was last looked at: see {@link positions}. */
  rows: readonly Row[] = [];
  #beat: NodeJS.Timeout | null = null;

  /**
   * @param table the full name of the state table @param flushMilliseconds how often there is a commit at least
   * @param onLost called once another run has taken over
   */
  constructor(
    table: string,
    pipeline: { name: string; run: string; flushMilliseconds: number },
    aside: (body: (steps: Steps) => Promise<void>) => Promise<void>,
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
    this.#seconds = Math.max(LEAST_SECONDS, Math.ceil((COMMITS * pipeline.flushMilliseconds) / 1000));
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
  async refuseOthers(steps: Steps): Promise<void> {
    const found = this.#found;
    if (found === null || found.until === null || isDead(found.owner)) return;
    const held = await steps.run(
      `SELECT 1 FROM ${this.#table} WHERE "PIPELINE" = ? AND "STREAM" = '' AND "LEASE_UNTIL" > CURRENT_TIMESTAMP()`,
      { binds: [this.pipeline] },
    );
    if (held.length > 0) throw this.#busy(found);
  }

  /** Sees to it that the lease is held, now and on. Throws a WarehouseBusyError where another run holds it. */
  async hold(steps: Steps): Promise<void> {
    await this.#taken.do(() => this.#take(steps));
    this.#beat ??= setInterval(() => void this.#prolong(), (this.#seconds * 1000) / BEATS).unref();
  }

  /** Whether nobody has taken it over. */
  async isOurs(steps: Steps): Promise<boolean> {
    return (await this.#holders(steps)).some(({ fence }) => fence === this.#fence);
  }

  /** What an error is about: where the lease is lost, about that, since another run has tidied up behind this one. */
  async explain(steps: Steps, error: unknown): Promise<unknown> {
    if (this.#fence === null || steps.session.broken) return error;
    return (await this.isOurs(steps).catch(() => true)) ? error : this.lost();
  }

  /** Gives it back, where it is still ours. */
  async release(steps: Steps): Promise<void> {
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

  /** What fails here is tried again with the next beat: should the lease run out meanwhile, what is written asks for the fence. */
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
      log.debug(`The lease was not prolonged: ${(error as Error).message}`);
    }
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
  }

  /**
   * Who holds it. Two runs that made the row at the same moment made two: the highest fence counts, then the first owner by name; the
   * other rows go.
   */
  async #holder(steps: Steps): Promise<Holder> {
    const [first, ...others] = await this.#holders(steps);
    if (first && others.length > 0) await this.#leaveOne(steps, first);
    return first ?? holderOf({ owner: '', fence: 0, until: null });
  }

  async #holders(steps: Steps): Promise<Holder[]> {
    this.rows = await steps.run(positions(this.#table));
    return this.rows
      .filter(({ PIPELINE, STREAM }) => PIPELINE === this.pipeline && STREAM === '')
      .map((row) => holderOf({ owner: row.OWNER, fence: row.FENCE, until: row.LEASE_UNTIL }))
      .sort((a, b) => b.fence - a.fence || (a.owner < b.owner ? -1 : 1));
  }

  async #leaveOne(steps: Steps, { owner, fence }: Holder): Promise<void> {
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
