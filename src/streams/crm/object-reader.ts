import { MissingScopesError } from '../../errors.js';
import { SEARCH_LIMIT } from '../../hubspot/api/search.js';
import type { HubSpotClient } from '../../hubspot/client/client.js';
import { log } from '../../log.js';
import type { SyncMode } from '../../protocol/messages.js';
import { earlier, notBefore } from '../../time.js';
import { initialPass, switchToSearch } from './load/first-load.js';
import { loadByList } from './load/load.js';
import type { ObjectStream } from './object-stream.js';
import { droppedSince, type Fingerprint, fingerprintOf, selectedBefore, shortageOf } from './run/fingerprint.js';
import type { OutputPort } from './run/object-output.js';
import { advanceCursor, ObjectRun, type ReadOptions } from './run/object-run.js';
import { EVERY_ID, isFresh, isUnderWay, type ObjectState } from './run/object-state.js';
import { isWholePassDue, recentMinutes } from './run/reach.js';
import { scanArchived, snapshotArchived } from './search/archived.js';
import { countForBackfill, readBackfill } from './search/backfill.js';
import { readPass } from './search/pass.js';
import { sweepIfDue } from './sweep/sweep.js';

/**
 * Reads CRM records for one or more outputs: the first load or the rest of it, then what was modified since, then what was archived.
 * Emits states on the way; the last one is the closing state. Throws the error that stopped it.
 *
 * @param isRefreshed whether an earlier attempt of the same job has finished the refresh
 * @returns the minimum number of calls for what was read
 *
 * | the state says | what is read |
 * |---|---|
 * | nothing | the first load (by list; by a pass if there are filters, which the list cannot apply, or if the start date leaves out most records), then what changed in the meantime |
 * | a load was interrupted | the rest of it, then what changed in the meantime |
 * | a pass was interrupted | the rest of it, then what changed since it began |
 * | everything is complete | what changed since the last pass began, less the lookback |
 *
 * After that, a sweep is read if one is due. If a property was added since, or has another type, the records that have
 * a value for it are read first.
 */
export async function readObject(
  client: HubSpotClient,
  stream: ObjectStream,
  ports: readonly OutputPort[],
  options: ReadOptions,
  state: ObjectState,
  mode: SyncMode,
  isRefreshed: boolean,
): Promise<number> {
  const run = new ObjectRun(client, stream, options, state, ports);
  if (mode === 'full_refresh' && !(isUnderWay(state) && state.refresh)) {
    if (isRefreshed) {
      await run.close(true);
      return 0;
    }
    resetProgress(run);
  }
  if (!isUnderWay(state)) {
    state.lineage = run.now();
    state.step = 0;
  }
  state.refresh = mode === 'full_refresh';
  await applySelection(run);

  const resumesPass = state.pass !== null;
  const isIncrement = state.cursor !== null && !isUnderWay(state);
  if (isFresh(state)) beginLoad(run);
  const emitsDeletes = options.deletes !== 'off' && mode !== 'full_refresh';
  if (emitsDeletes && isAtStart(state)) await snapshotArchived(run);
  const first = mode === 'incremental' && state.load?.after === null ? await switchToSearch(run, state.load) : null;
  const loadsByPass = state.cursor === null && state.load === null && !resumesPass;
  if (state.backfill) await run.phase('backfill', () => readBackfill(run));
  const { load } = state;
  if (load) await run.phase('load', () => loadByList(run, load));
  if (mode === 'full_refresh') {
    await finishRefresh(run);
    return run.leastCalls;
  }
  const { pass } = state;
  const found = pass ? await run.phase(loadsByPass ? 'load' : 'changes', () => readPass(run, pass, first)) : 0;
  // While a single page is read, nothing can change on the pages before it.
  if (isIncrement || resumesPass || (loadsByPass && found > SEARCH_LIMIT))
    await run.phase('changes', () => increment(run));
  if (emitsDeletes) await scanArchived(run);
  await sweepIfDue(run);
  await run.close();
  return run.leastCalls;
}

/**
 * A full refresh emits each record once, as it was when its page was read: its destination may not deduplicate. What changed in the
 * meantime is left to the next sync.
 */
async function finishRefresh(run: ObjectRun): Promise<void> {
  const { state } = run;
  if (state.pass && run.stream.filterGroups.length > 0) await readPass(run, state.pass);
  else if (state.pass?.since) advanceCursor(run, state.pass.since);
  state.pass = null;
  await run.close(true);
}

/** Whether a load is in progress of which nothing was read yet. */
function isAtStart({ cursor, load, pass }: ObjectState): boolean {
  if (load) return load.after === null;
  return cursor === null && pass?.ranges.length === 1 && pass.ranges[0]?.after === EVERY_ID.after;
}

/** Forgets what was read, but neither archived and merged records nor the latest emission time. */
function resetProgress({ state, sent, sweeping }: ObjectRun): void {
  sent.forgetAll();
  sweeping.memory?.forgetHashes();
  state.sweptAt = null;
  state.sweep = null;
  state.cursor = null;
  state.recent = null;
  state.load = null;
  state.pass = null;
  state.backfill = null;
}

/** Begins a backfill or a reload if the stream selects more than before. */
async function applySelection(run: ObjectRun): Promise<void> {
  const { state, stream, client } = run;
  const before = isFresh(state) ? null : state.fingerprint;
  if (before) refuseIfWithheld(before, stream);
  state.fingerprint = fingerprintOf(stream);
  if (isFresh(state) || !run.ownsSelection) return;
  const dropped = before === null || state.refresh ? null : droppedSince(before, stream);
  if (dropped !== null)
    log.info(
      `${stream.name}: ${dropped} not read any more. Rows keep the values until their records change, or are refreshed.`,
    );
  const shortage = shortageOf(before, stream, run.emitsFilterExits);
  if (!shortage) return;
  if (shortage.is === 'properties' && state.cursor !== null && !state.refresh) {
    const names = [...new Set([...(state.backfill?.names ?? []), ...shortage.names])];
    const records = await countForBackfill(client, stream, names);
    if (records !== null) {
      log.info(`${stream.name}: ${shortage.why}; the ${records} records that have a value are read again.`);
      if (records > 0) state.backfill = { names, after: EVERY_ID.after };
      return;
    }
  }
  log.info(`${stream.name} is read again from the start: ${shortage.why}.`);
  resetProgress(run);
  beginLoad(run, shortage.is === 'everything' && shortage.hasOtherFilters);
}

/** Throws a MissingScopesError if a property that was read before is withheld now: its column would silently go stale. */
function refuseIfWithheld(before: Fingerprint, { name: stream, withheld }: ObjectStream): void {
  const lost = withheld.find(({ names }) => selectedBefore(before, names).length > 0);
  if (!lost) return;
  throw new MissingScopesError(
    `${selectedBefore(before, lost.names).join(', ')} of "${stream}" cannot be read any more: the token lacks the scope ${lost.scope}. ` +
      'Add it to the token, or read without sensitive properties ("sensitive": "exclude").',
    [lost.scope],
  );
}

/** @param tellsLeft whether records emitted before may not match the filters, and have to be reported */
function beginLoad(run: ObjectRun, tellsLeft = false): void {
  const { state, stream, options } = run;
  const startedAt = run.now();
  // The very first load owes tombstones only for records that are merged away while it runs.
  const mergesSince = state.archive.since === null ? startedAt : null;
  // If HubSpot refused to list archived records, the load may have emitted some that its lagging index still had.
  state.archive.since ??= earlier(startedAt, options.lookbackMinutes);
  if (stream.filterGroups.length === 0) state.load = { startedAt, after: null, mergesSince };
  else state.pass = { ...initialPass(run, startedAt, mergesSince), ...(tellsLeft ? { tellsLeft } : {}) };
}

async function increment(run: ObjectRun): Promise<void> {
  const { state, options, stream } = run;
  if (state.cursor === null) return;
  const isRecent = !isWholePassDue(state.cursor, options, run.client.clock.now());
  const since = isRecent
    ? earlier(state.recent ?? state.cursor, recentMinutes(options))
    : earlier(state.cursor, options.lookbackMinutes);
  state.pass = {
    since: notBefore(since, stream.updatedAfter),
    startedAt: run.now(),
    mergesSince: null,
    ranges: [{ ...EVERY_ID }],
    ...(isRecent ? { isRecent } : {}),
  };
  await readPass(run, state.pass);
}
