import { instantOf } from '../../time.js';
import { readAssociated } from '../crm/run/associated.js';
import type { MergedAway } from '../crm/run/merges.js';
import type { Erased } from '../crm/run/object-output.js';
import type { ObjectRun } from '../crm/run/object-run.js';
import { updatedAtOf } from '../layouts/layout.js';
import type { Judged } from './judge.js';

/** Emits what makes rows equal to their records. The records were read with all properties. */
export async function mend(run: ObjectRun, differences: readonly Judged[]): Promise<void> {
  const live = differences.flatMap(({ row }) => (row ? [row] : []));
  // What the state says of them is as wrong as their rows are.
  for (const { id } of live) run.archived.restore(id);
  await run.emitLive(live, await readAssociated(run, live), null, true, { is: 'restored' });
  const merged: MergedAway[] = [];
  const erased: Erased[] = [];
  for (const { id, gone, version } of differences) {
    if (gone?.is === 'archived') await run.emitTombstones([gone.row]);
    if (gone?.is === 'merged') merged.push({ id, survivor: gone.survivor.id, updatedAt: updatedAtOf(gone.survivor) });
    if (gone?.is === 'erased') erased.push({ id, updatedAt: version === null ? null : instantOf(version) });
    if (gone?.is === 'filtered') {
      run.sent.forget(id);
      await run.emitFilterExits([gone.row]);
    }
  }
  await run.emitGone(merged, erased);
}
