import { BATCH_READ_LIMIT } from '../../../hubspot/api/objects.js';
import { type EpochMs, earlier, epochMs, isFrom, timeOf } from '../../../time.js';
import type { KnownRecord } from '../../core/known-records.js';
import { updatedAtOf } from '../../layouts/layout.js';
import { readAssociated } from '../run/associated.js';
import { emitGoneRecords } from '../run/gone-records.js';
import type { ObjectRun } from '../run/object-run.js';
import { type Gone, lookFor, whatBecameOf } from '../search/whereabouts.js';

/** Stands for a version that is not known. */
const UNKNOWN = epochMs(0);

/** Records that the destination has, and HubSpot's list has not. They wait until there are enough of them for a call. */
export class Suspects {
  readonly #run: ObjectRun;
  /** By id, the versions of their rows. */
  readonly #waiting: Map<string, EpochMs>;
  /** How many were told to be gone. */
  gone = 0;

  constructor(run: ObjectRun, waiting: ReadonlyMap<string, EpochMs>) {
    this.#run = run;
    this.#waiting = new Map(waiting);
  }

  get waiting(): ReadonlyMap<string, EpochMs> {
    return this.#waiting;
  }

  add(records: readonly KnownRecord[]): void {
    const { sweeping, archived } = this.#run;
    for (const { id, version } of records) {
      // A table may not have yet what this run has emitted; ids in a state may be of records whose tombstones were
      // emitted before.
      if (this.#run.hasToldGone(id) || (sweeping.remembersIds && archived.has(id))) continue;
      this.#waiting.set(id, version ?? UNKNOWN);
    }
  }

  /** Finds out what became of them, a hundred at a time, and tells it. @param all also of those that make no hundred */
  async judge(all: boolean): Promise<void> {
    while (this.#waiting.size >= (all ? 1 : BATCH_READ_LIMIT)) {
      const batch = [...this.#waiting].slice(0, BATCH_READ_LIMIT);
      await this.#judgeBatch(new Map(batch));
      for (const [id] of batch) this.#waiting.delete(id);
    }
  }

  async #judgeBatch(versions: ReadonlyMap<string, EpochMs>): Promise<void> {
    const run = this.#run;
    const { properties } = run.stream;
    const sighting = await lookFor(run, [...versions.keys()], properties);
    const { matching, excluded, missing } = sighting;
    run.leastCalls += 1;
    const gone = missing.length > 0 ? await whatBecameOf(run, missing, sighting, properties) : new Map<string, Gone>();
    for (const row of excluded) gone.set(row.id, { is: 'filtered', row });
    // HubSpot did not say when they were erased: a destination takes a tombstone only if it is no older than the row.
    const erasedAt = timeOf(run.now());
    const told = [...gone].flatMap(([id, how]) => {
      const version = versions.get(id) ?? UNKNOWN;
      return this.#isToCome(how) ? [] : [{ id, gone: how, version: version === UNKNOWN ? erasedAt : version }];
    });
    await emitGoneRecords(run, told);
    this.gone += told.length;
    // The page had missed them.
    await run.emitLive(matching, await readAssociated(run, matching), null, false, { is: 'sweep' });
    for (const { id } of matching) run.sweeping.memory?.note(id);
  }

  /** Whether the next sync tells of it anyway. */
  #isToCome(gone: Gone): boolean {
    const { state, options, archived } = this.#run;
    const { since, refusedAt } = state.archive;
    if (gone.is === 'merged') {
      return (
        state.cursor !== null && isFrom(updatedAtOf(gone.survivor), earlier(state.cursor, options.lookbackMinutes))
      );
    }
    if (gone.is !== 'archived' || refusedAt !== undefined || since === null) return false;
    return isFrom(gone.row.archivedAt, since) && !archived.has(gone.row.id);
  }
}
