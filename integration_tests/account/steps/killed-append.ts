import type { CommitStep } from '../../../src/commit-steps.js';
import { liveIds, type Step, step } from '../../support/account/step.js';
import type { Row } from '../../support/stand-in/snowflake-driver.js';

/** 5. A run that dies within its transaction, and the next one: what Snowflake makes of the transaction that nobody ends. */

const PIPELINE = {
  source: { deletes: 'off' },
  streams: [{ name: 'contacts', destination_sync_mode: 'append' }],
};
const LOOK_MS = 2_000;
/** A minute more than Snowflake lets a transaction be idle that others wait for. */
const PATIENCE_MS = 6 * 60_000;

/** @param point where it dies @param when the same in words */
export function killedAppend(point: CommitStep, when: string): void {
  step(`5. SIGKILL inside an append, ${when}`, 40, async (at) => {
    const sandbox = await at.sandbox({ counts: { contacts: 200 } });
    const killed = await at.sync(sandbox, PIPELINE, { environment: { HUBFLAKE_CRASH_AT: point } });
    expect(killed.signal).toBe('SIGKILL');
    const watch = new Watch(at);
    const began = Date.now();
    await at.syncWell(sandbox, PIPELINE);
    at.note(`The run after it took ${seconds(Date.now() - began)}, from right behind the kill.`);
    // Once each, although the first run had inserted them.
    expect(await at.ids()).toEqual(liveIds(sandbox));
    await watch.untilGone();
    for (const line of watch.said()) at.note(line);
    await at.syncWell(sandbox, PIPELINE);
    expect(await at.ids()).toEqual(liveIds(sandbox));
  });
}

/** Looks at the transactions and locks of our user from now on. */
class Watch {
  readonly #since = Date.now();
  /** By transaction: when it was there last, and what it was seen to hold. */
  readonly #seen = new Map<string, { first: number; last: number; holds: Set<string> }>();
  /** Those that were there when the watch began: the dead run's. */
  readonly #dead = new Set<string>();
  /** Those of them that had to be ended. */
  #outlasted: string[] = [];
  #isOver = false;
  #trouble: string | null = null;
  readonly #looking: Promise<void>;

  constructor(private readonly at: Step) {
    this.#looking = this.#look();
  }

  /**
   * Waits until the dead run's transaction is gone, or ends it. Snowflake does so after five minutes where others wait for it, else after
   * hours (https://docs.snowflake.com/en/sql-reference/transactions).
   */
  async untilGone(): Promise<void> {
    const until = this.#since + PATIENCE_MS;
    while (this.#trouble === null && this.#isThere() && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    this.#isOver = true;
    await this.#looking;
    this.#outlasted = [...this.#dead].filter((id) => this.#isThere([id]));
    for (const id of this.#outlasted)
      await this.at.query(`SELECT SYSTEM$ABORT_TRANSACTION(${id})`).catch(() => undefined);
  }

  said(): string[] {
    if (this.#trouble !== null) return [`Transactions could not be looked at: ${this.#trouble}`];
    if (this.#dead.size === 0)
      return ['No transaction of the dead run was found any more, seconds after it was killed.'];
    return [...this.#dead].map((id) => {
      const { last, holds } = this.#seen.get(id) ?? { last: this.#since, holds: new Set() };
      const what = holds.size === 0 ? 'no lock that was seen' : [...holds].join(', ');
      const end = this.#outlasted.includes(id) ? 'and was still there then' : 'then it was gone';
      return `The dead run's transaction ${id} was there for ${seconds(last - this.#since)} more, ${end}; it held ${what}.`;
    });
  }

  #isThere(ids: Iterable<string> = this.#dead): boolean {
    return [...ids].some((id) => Date.now() - (this.#seen.get(id)?.last ?? 0) < 3 * LOOK_MS);
  }

  async #look(): Promise<void> {
    for (let isFirst = true; !this.#isOver; isFirst = false) {
      try {
        // Both show the user's own without further rights, and need no warehouse.
        const transactions = await this.at.query('SHOW TRANSACTIONS');
        const locks = await this.at.query('SHOW LOCKS');
        for (const row of transactions) this.#note(String(row.id), isFirst);
        for (const row of locks) this.#seen.get(String(row.transaction))?.holds.add(lockOf(row));
      } catch (error) {
        this.#trouble = (error as Error).message;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  #note(id: string, isFirst: boolean): void {
    const now = Date.now();
    const seen = this.#seen.get(id) ?? { first: now, last: now, holds: new Set() };
    seen.last = now;
    this.#seen.set(id, seen);
    if (isFirst) this.#dead.add(id);
  }
}

function lockOf(row: Row): string {
  return `${row.type} ${row.status} on ${row.resource}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
