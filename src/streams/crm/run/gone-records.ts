import { type EpochMs, instantOf } from '../../../time.js';
import { updatedAtOf } from '../../layouts/layout.js';
import type { Gone } from '../search/whereabouts.js';
import type { MergedAway } from './merges.js';
import type { Erased } from './object-output.js';
import type { ObjectRun } from './object-run.js';

/** A record that is gone, of which there is a live row. */
export interface GoneRecord {
  id: string;
  gone: Gone;
  /** The version that the row has; null: that is not known. */
  version: EpochMs | null;
}

/** Emits what takes the place of the rows of records that are gone. */
export async function emitGoneRecords(run: ObjectRun, records: readonly GoneRecord[]): Promise<void> {
  const merged: MergedAway[] = [];
  const erased: Erased[] = [];
  for (const { id, gone, version } of records) {
    if (gone.is === 'archived') await run.emitTombstones([gone.row]);
    if (gone.is === 'merged') merged.push({ id, survivor: gone.survivor.id, updatedAt: updatedAtOf(gone.survivor) });
    if (gone.is === 'erased') erased.push({ id, updatedAt: version === null ? null : instantOf(version) });
    if (gone.is === 'filtered') {
      // What the state says of it is as wrong as its row is.
      run.sent.forget(id);
      await run.emitFilterExits([gone.row]);
    }
  }
  await run.emitGone(merged, erased);
}
