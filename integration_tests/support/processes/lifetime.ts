import { AsyncLocalStorage } from 'node:async_hooks';
import { getGlobalDispatcher, setGlobalDispatcher } from 'undici';
import { StoppedError } from '../../../src/errors.js';
import { Database } from '../../../src/warehouse/duckdb/database.js';
import { DuckDbStore } from '../../../src/warehouse/duckdb/store.js';
import { Session } from '../../../src/warehouse/snowflake/session/session.js';

/** What goes wrong in a run, and where. */
export interface Break {
  /**
   * `kill`: the process is gone. `drop`: a statement fails, in Snowflake with its connection. `call`: the process is gone when a call
   * has reached HubSpot.
   */
  what: 'kill' | 'drop' | 'call';
  /** From which BEGIN or COMMIT on statements are counted, that one included; null: from the start. */
  edge: number | null;
  /** At which of the statements that change something, or of the calls; from 0. */
  nth: number;
  /** Whether the statement has been run by then; only its answer is lost. */
  isDone: boolean;
}

/** Statements that leave everything as it was: a run that dies at one might as well die at the next. */
const CHANGES_NOTHING = /^\s*(?:ALTER SESSION|DESC|SELECT|SET|SHOW|USE|WITH)\b/i;

/**
 * The life of a process that is played within this one: after its end no statement runs any more, and what it has left open is
 * rolled back.
 */
export class Lifetime {
  static readonly #current = new AsyncLocalStorage<Lifetime>();
  readonly broken: Break | null;
  /** How many rows a batch has at most. */
  readonly fittingRows: number;
  readonly #end = new AbortController();
  readonly #sessions: Session[] = [];
  #edges = 0;
  #statements = 0;
  #calls = 0;
  /** Whether what was to go wrong has. */
  isBroken = false;

  constructor(broken: Break | null, fittingRows = Number.POSITIVE_INFINITY) {
    this.broken = broken;
    this.fittingRows = fittingRows;
  }

  /** The one in which this code runs, if any. */
  static get current(): Lifetime | undefined {
    return Lifetime.#current.getStore();
  }

  /** Aborted by the kill. */
  get end(): AbortSignal {
    return this.#end.signal;
  }

  get isKilled(): boolean {
    return this.end.aborted;
  }

  /** Does something as a process would, whose connections end with it. */
  async live<T>(body: () => Promise<T>): Promise<T> {
    // A client of HubSpot takes the place of this process's own, and is closed at its end.
    const dispatcher = getGlobalDispatcher();
    try {
      return await Lifetime.#current.run(this, body);
    } finally {
      setGlobalDispatcher(dispatcher);
      await Promise.all(this.#sessions.filter((session) => !session.broken).map((session) => session.close()));
    }
  }

  /** A call has reached HubSpot. */
  call(): void {
    if (this.broken?.what === 'call' && this.#calls === this.broken.nth) this.#kill();
    this.#calls += 1;
  }

  /** Opens a session that ends with this process at the latest. */
  async login(open: () => Promise<Session>): Promise<Session> {
    this.#refuse();
    const session = await open();
    this.#sessions.push(session);
    return session;
  }

  /**
   * @param drop loses the connection, and gives the error that tells of it
   * @param isEmbedded whether what fails was not done, since there is no way on which an answer could be lost
   */
  async statement<T>(sql: string, run: () => Promise<T>, drop: () => Promise<Error>, isEmbedded = false): Promise<T> {
    this.#refuse();
    const isHit = this.#isHit(sql);
    const isDone = this.broken?.isDone === true && !(isEmbedded && this.broken.what === 'drop');
    if (isHit && !isDone) await this.#strike(drop);
    const result = await run();
    if (isHit) await this.#strike(drop);
    // A process that is gone hears no answer.
    this.#refuse();
    return result;
  }

  #isHit(sql: string): boolean {
    const { broken } = this;
    if (broken === null || broken.what === 'call' || CHANGES_NOTHING.test(sql)) return false;
    if (sql === 'BEGIN' || sql === 'COMMIT') this.#edges += 1;
    if (this.#edges <= (broken.edge ?? -1)) return false;
    this.#statements += 1;
    return this.#statements === broken.nth + 1;
  }

  async #strike(drop: () => Promise<Error>): Promise<never> {
    if (this.broken?.what === 'kill') {
      this.#kill();
      return this.#refuse() as never;
    }
    this.isBroken = true;
    throw await drop();
  }

  #kill(): void {
    this.isBroken = true;
    this.#end.abort();
  }

  #refuse(): void {
    if (this.isKilled) throw new StoppedError('Killed.');
  }
}

/** Nobody waits for what is done again. */
export const QUICK = { timeouts: { again: [1, 1, 1] } };

for (const method of ['run', 'rows', 'change'] as const) {
  const original = Database.prototype[method] as (sql: string, values?: string[]) => Promise<never>;
  Database.prototype[method] = function execute(this: Database, sql: string, values?: string[]) {
    const run = () => original.call(this, sql, values);
    const drop = async () => new Error('IO Error: the disk is gone for a moment');
    return Lifetime.current?.statement(sql, run, drop, true) ?? run();
  };
}

const { run: runOnSession } = Session.prototype;
Session.prototype.run = function execute(this: Session, sql, options) {
  const run = () => runOnSession.call(this, sql, options);
  const drop = async () => {
    await this.close();
    return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
  };
  return Lifetime.current?.statement(sql, run, drop) ?? run();
};

const { open } = Session;
Session.open = (...options) => {
  const login = () => open(...options);
  return Lifetime.current?.login(login) ?? login();
};

const { fittingRows } = DuckDbStore.prototype;
DuckDbStore.prototype.fittingRows = function few(this: DuckDbStore, target) {
  return Math.min(fittingRows.call(this, target), Lifetime.current?.fittingRows ?? Number.POSITIVE_INFINITY);
};
