import { log } from '../../log.js';
import { setRefreshGeneration } from '../../warehouse/refresh.js';
import type { KeptState, Store } from '../../warehouse/store.js';
import type { Target } from '../../warehouse/target.js';
import type { SyncPlan } from './plan-sync.js';

/**
 * Starts refreshes. Their start is recorded before anything is read: if this run is killed, the next one continues them, even when
 * it is not asked to.
 */
export async function beginRefreshes(
  store: Store,
  pipeline: string,
  { refreshes: planned }: SyncPlan,
  targets: readonly Target[],
  states: ReadonlyMap<string, KeptState>,
): Promise<void> {
  for (const { stream, begins } of planned) {
    const target = targets.find((each) => each.stream === stream);
    if (!target) continue;
    const kept = states.get(stream) ?? null;
    const generation = begins ? await store.beginRefresh(target, pipeline, kept) : (kept?.refresh ?? null);
    if (generation === null) continue;
    setRefreshGeneration(target, generation);
    log.info(
      `${stream} is ${begins ? 'loaded anew' : 'still being loaded anew, from where that was interrupted'}; ${target.table} keeps its old rows until that is complete.`,
    );
  }
}
