import { MissingScopesError } from '../../errors.js';
import { SEARCH_LIMIT } from '../../hubspot/api/search.js';
import type { HubSpotClient } from '../../hubspot/client/client.js';
import { log } from '../../log.js';
import type { JsonObject, SyncMode } from '../../protocol/messages.js';
import { earlier, notBefore } from '../core/instants.js';
import type { RecordSink } from '../core/sink.js';
import { checkPortal, REFRESH_COMPLETE } from '../core/stream-state.js';
import { firstPass, turnToSearch } from './load/first-load.js';
import { loadByList } from './load/load.js';
import type { ObjectStream } from './object-stream.js';
import { type Fingerprint, fingerprintOf, selectedBefore, shortageOf } from './run/fingerprint.js';
import { completeAt, ObjectRun, type ReadOptions } from './run/object-run.js';
import { EVERY_ID, type ObjectState, parseObjectState } from './run/object-state.js';
import { rememberArchived, scanArchived } from './search/archived.js';
import { fillIn, worthFilling } from './search/fill.js';
import { readPass } from './search/pass.js';

/**
 * Reads one stream of CRM records: the first load or what is left of it, then what was modified since, then what was archived.
 * States go out on the way; the last one is the closing state. Throws what made it stop.
 *
 * @returns the fewest calls in which HubSpot gives what was read
 *
 * | the state says | what is read |
 * |---|---|
 * | nothing | the first load (by list; by a pass with filters, which list cannot apply, and where the start date leaves out most), then what changed meanwhile |
 * | a load was interrupted | the rest of it, then what changed meanwhile |
 * | a pass was interrupted | the rest of it, then what changed since it began |
 * | all is complete | what changed since the last pass began, less the lookback |
 *
 * Where a property was added since, or has another type, first the records that have a value for it.
 */
export async function readObject(
  client: HubSpotClient,
  stream: ObjectStream,
  sink: RecordSink,
  options: ReadOptions,
  given: JsonObject | null,
  mode: SyncMode,
): Promise<number> {
  const state = parseObjectState(given, stream.name, stream.layout.cursorField, stream.updatedAfter);
  checkPortal(stream.name, state.portal, options.portalId);
  state.portal = options.portalId ?? state.portal;
  const run = new ObjectRun(client, stream, options, state, sink);
  return readPhases(run, given, mode);
}

async function readPhases(run: ObjectRun, given: JsonObject | null, mode: SyncMode): Promise<number> {
  const { state, options } = run;
  if (mode === 'full_refresh' && !(isUnderWay(state) && state.refresh)) {
    // Given to a later attempt of a job, the mark says that an earlier attempt has finished this stream.
    if (given?.[REFRESH_COMPLETE] === true) {
      await run.close(true);
      return 0;
    }
    startAnew(run);
  }
  state.refresh = mode === 'full_refresh';
  await readAgainIfWider(run);

  const resumesPass = state.pass !== null;
  const isIncrement = state.cursor !== null && !isUnderWay(state);
  if (state.cursor === null && !isUnderWay(state)) begin(run);
  const tellsDeletes = options.deletes !== 'off' && mode !== 'full_refresh';
  if (tellsDeletes && isAtStart(state)) await rememberArchived(run);
  const first = mode === 'incremental' && state.load?.after === null ? await turnToSearch(run, state.load) : null;
  const loadsByPass = state.cursor === null && state.load === null && !resumesPass;
  await fillIn(run);
  if (state.load) await loadByList(run);
  if (mode === 'full_refresh') {
    await endRefresh(run);
    return run.leastCalls;
  }
  const found = state.pass ? await readPass(run, first) : 0;
  // Nothing can have changed behind the reader of a single page.
  if (isIncrement || resumesPass || (loadsByPass && found > SEARCH_LIMIT)) await increment(run);
  if (tellsDeletes) await scanArchived(run);
  await run.close();
  return run.leastCalls;
}

/**
 * A full refresh has each record once, as it was when its page was read: without a key to tell versions apart, a second one
 * would be a duplicate. What changed meanwhile is left to the next sync.
 */
async function endRefresh(run: ObjectRun): Promise<void> {
  const { state } = run;
  if (state.pass && run.stream.filterGroups.length > 0) await readPass(run);
  else if (state.pass) completeAt(run, state.pass.since as string);
  state.pass = null;
  await run.close(true);
}

function isUnderWay(state: ObjectState): boolean {
  return state.load !== null || state.pass !== null;
}

/** Whether what is under way is a load of which nothing was read yet. */
function isAtStart({ cursor, load, pass }: ObjectState): boolean {
  if (load) return load.after === null;
  return cursor === null && pass?.ranges.length === 1 && pass.ranges[0]?.after === EVERY_ID.after;
}

/** Forgets what was read, but not what is known of archived and merged records, nor the time already given to records. */
function startAnew({ state, sent }: ObjectRun): void {
  sent.forgetAll();
  state.cursor = null;
  state.load = null;
  state.pass = null;
  state.fill = null;
}

/** Sees to it that a stream which selects more than it did comes to have it. */
async function readAgainIfWider(run: ObjectRun): Promise<void> {
  const { state, stream, client } = run;
  const isFresh = state.cursor === null && !isUnderWay(state);
  const before = isFresh ? null : state.fingerprint;
  if (before) refuseIfFrozen(before, stream);
  state.fingerprint = fingerprintOf(stream);
  const shortage = before ? shortageOf(before, stream, run.tellsLeft) : null;
  if (!shortage) return;
  if (shortage.is === 'properties' && state.cursor !== null && !state.refresh) {
    const names = [...new Set([...(state.fill?.names ?? []), ...shortage.names])];
    const records = await worthFilling(client, stream, names);
    if (records !== null) {
      log.info(`${stream.name}: ${shortage.why}; the ${records} records that have a value are read again.`);
      if (records > 0) state.fill = { names, after: EVERY_ID.after };
      return;
    }
  }
  log.info(`${stream.name} is read again from the start: ${shortage.why}.`);
  startAnew(run);
  begin(run, shortage.is === 'everything' && shortage.hasOtherFilters);
}

/** Throws a MissingScopesError where a property that was read before is withheld today: its column would stand still unnoticed. */
function refuseIfFrozen(before: Fingerprint, { name: stream, withheld }: ObjectStream): void {
  const frozen = withheld.find(({ names }) => selectedBefore(before, names).length > 0);
  if (!frozen) return;
  throw new MissingScopesError(
    `${selectedBefore(before, frozen.names).join(', ')} of "${stream}" cannot be read any more: the token lacks the scope ${frozen.scope}. ` +
      'Add it to the token, or read without sensitive properties ("sensitive": "exclude").',
    [frozen.scope],
  );
}

/** @param tellsLeft whether records that are there may not match the filters */
function begin(run: ObjectRun, tellsLeft = false): void {
  const { state, stream, options } = run;
  const startedAt = run.now();
  // The very first load owes tombstones only for what goes away while it runs.
  const mergesSince = state.archive.since === null ? startedAt : null;
  // Where HubSpot refuses to list what is archived, the late index may have shown it to the load.
  state.archive.since ??= earlier(startedAt, options.lookbackMinutes);
  if (stream.filterGroups.length === 0) state.load = { startedAt, after: null, mergesSince };
  else state.pass = { ...firstPass(run, startedAt, mergesSince), ...(tellsLeft ? { tellsLeft } : {}) };
}

async function increment(run: ObjectRun): Promise<void> {
  const { state, options, stream } = run;
  const since = notBefore(earlier(state.cursor as string, options.lookbackMinutes), stream.updatedAfter);
  state.pass = { since, startedAt: run.now(), mergesSince: null, ranges: [{ ...EVERY_ID }] };
  await readPass(run);
}
