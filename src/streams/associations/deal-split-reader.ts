import { DEAL_SPLITS_LIMIT, readDealSplits } from '../../hubspot/api/deal-splits.js';
import { KeyedSearch } from '../../hubspot/api/keyed-search.js';
import type { ObjectRow } from '../../hubspot/api/object-row.js';
import { standardObject } from '../../hubspot/api/object-types.js';
import { SEARCH_LIMIT } from '../../hubspot/api/search.js';
import type { HubSpotClient } from '../../hubspot/client/client.js';
import { isRefusal } from '../../hubspot/client/known-answers.js';
import { log } from '../../log.js';
import { aheadOfRecords } from '../../protocol/ahead.js';
import type { JsonObject, SyncMode } from '../../protocol/messages.js';
import { earlier, isFrom, later } from '../core/instants.js';
import type { EncodedRecord, RecordSink } from '../core/sink.js';
import { checkPortal, checkVersion } from '../core/state-checks.js';
import type { ReadOptions } from '../crm/run/object-run.js';
import { EVERY_ID, REFRESH_COMPLETE } from '../crm/run/object-state.js';
import { rangeGroups } from '../crm/search/search-filters.js';
import { updatedAtOf } from '../layouts/layout.js';
import { contentHash } from '../snapshots/snapshot.js';
import type { DealSplitStream } from './deal-splits.js';
import type { ParentIds } from './parent-ids.js';

const VERSION = 1;
const DEAL = standardObject('deals');
/** Deals whose splits are remembered. Past it, unchanged splits are sent again, and removed ones are not noticed. */
const MOST_REMEMBERED = 10_000;
/** In the place of a hash: what was sent last is not known. No hash is equal to it. */
const UNSURE = '?';
/** The cursor of a state before anything was read, as source-hubspot has it. */
const BEGINNING = '2006-06-01T00:00:00.000Z';

interface SplitState {
  portal: number | null;
  /** The latest emitted_at so far, epoch ms; it never falls. */
  emittedAt: number;
  /** HubSpot's time when the last complete read began; null before there is one. */
  cursor: string | null;
  /** A read of all deals under way: when it began, and where HubSpot's list of them goes on. */
  load: { startedAt: string; after: string | null } | null;
  /** By deal, the hash of each of its splits; null: there were too many. */
  seen: Record<string, Record<string, string>> | null;
}

/**
 * Reads the splits of all deals, or of those that were modified since: HubSpot gives splits by their deals alone. A deal's splits
 * are replaced when someone changes them, so that one which its deal no longer has becomes a tombstone.
 *
 * @returns the fewest calls in which HubSpot gives what was read, besides those for the deals' ids
 */
export async function readDealSplitStream(
  client: HubSpotClient,
  stream: DealSplitStream,
  parents: ParentIds,
  sink: RecordSink,
  options: ReadOptions,
  given: JsonObject | null,
  mode: SyncMode,
): Promise<number> {
  if (mode === 'full_refresh' && given?.[REFRESH_COMPLETE] === true) {
    await sink.state(stream.name, given);
    return 0;
  }
  const run = new SplitRun(client, stream, sink, options, parseState(given, stream, options.portalId), mode);
  return run.read(parents);
}

class SplitRun {
  #calls = 0;

  constructor(
    readonly client: HubSpotClient,
    readonly stream: DealSplitStream,
    readonly sink: RecordSink,
    readonly options: ReadOptions,
    readonly state: SplitState,
    readonly mode: SyncMode,
  ) {}

  async read(parents: ParentIds): Promise<number> {
    const { state, options } = this;
    const isRefresh = this.mode === 'full_refresh';
    const startedAt = this.#now();
    if (state.cursor === null || isRefresh) state.load ??= { startedAt, after: null };
    const since = state.load?.startedAt ?? earlier(state.cursor ?? startedAt, options.lookbackMinutes);
    if (state.load) await this.#readAll(parents, state.load);
    // Deals that changed while the list of them was read; a refresh leaves them to the next sync.
    const isWhole = isRefresh || (await this.#readChanged(since));
    state.cursor = isRefresh ? since : isWhole ? startedAt : later(since, options.lookbackMinutes);
    state.load = null;
    await this.#save(isRefresh);
    return this.#calls;
  }

  async #readAll(parents: ParentIds, load: { after: string | null }): Promise<void> {
    for (let more = true; more; ) {
      const page = await this.#pageOf(parents, load);
      await this.#emitSplitsOf(page.ids);
      load.after = page.after;
      more = page.after !== null;
      if (more) await this.#save(false);
    }
  }

  /** A page of deals. A position that HubSpot no longer accepts starts the read anew. */
  async #pageOf(parents: ParentIds, load: { after: string | null }) {
    try {
      return await parents.page(DEAL, load.after);
    } catch (error) {
      if (load.after === null || !isRefusal(error, [400])) throw error;
      log.warn(`HubSpot no longer accepts where the read of ${this.stream.name} stopped; it starts anew.`);
      load.after = null;
      return parents.page(DEAL, null);
    }
  }

  /** @returns whether search has shown every deal that it counted */
  async #readChanged(since: string): Promise<boolean> {
    const search = new KeyedSearch(this.client, {
      type: DEAL,
      properties: [],
      filtersOf: (range) => rangeGroups({ type: DEAL, filterGroups: [] }, { since }, range),
      isWanted: (row) => isFrom(updatedAtOf(row), since),
    });
    let found = 0;
    for (let { after } = EVERY_ID, isLast = false; !isLast; ) {
      const page = await search.next({ after, upTo: null });
      const ids = page.rows.map((row) => row.id);
      for (let start = 0; start < ids.length; start += DEAL_SPLITS_LIMIT) {
        await this.#emitSplitsOf(ids.slice(start, start + DEAL_SPLITS_LIMIT));
      }
      found += ids.length;
      ({ reached: after, isLast } = page);
    }
    this.#calls += Math.max(1, Math.ceil(found / SEARCH_LIMIT));
    return !search.isUnsettled;
  }

  async #emitSplitsOf(dealIds: readonly string[]): Promise<void> {
    if (dealIds.length === 0) return;
    this.#calls += 1;
    const found = await readDealSplits(this.client, dealIds);
    const changes = dealIds.map((id) => this.#changesOf(id, found.get(id) ?? []));
    const isRefresh = this.mode === 'full_refresh';
    this.#stamp();
    if (!isRefresh && changes.some(({ changed, gone }) => changed.length + gone.length > 0)) {
      // Killed behind a record, the next run must neither take it for what is out already, nor for what never was.
      for (const { dealId, changed, gone, hashes } of changes) {
        const unsure = [...changed.map((row) => row.id), ...gone].map((id) => [id, UNSURE]);
        this.#remember(dealId, { ...hashes, ...Object.fromEntries(unsure) });
      }
      await this.#save(false, true);
    }
    for (const { dealId, changed, gone, hashes } of changes) {
      const at = this.#now();
      await this.#emit([
        ...changed.map((row) => this.stream.layout.encode(row, [[dealId]], null)),
        // Its own time of change is not known any more, and nothing of it can come later.
        ...gone.map((id) => this.stream.layout.encodeMergedAway(id, at, { archivedAt: at, mergedInto: null })),
      ]);
      this.#remember(dealId, hashes);
    }
  }

  #changesOf(dealId: string, all: readonly ObjectRow[]) {
    const { state, stream } = this;
    const before = state.seen?.[dealId] ?? {};
    const live = all.filter((row) => row.archived !== true);
    const hashes = Object.fromEntries(live.map((row) => [row.id, contentHash(row as unknown as JsonObject)]));
    const isRefresh = this.mode === 'full_refresh';
    const changed = live.filter(
      (row) => isFrom(updatedAtOf(row), stream.updatedAfter) && (isRefresh || before[row.id] !== hashes[row.id]),
    );
    const gone = stream.marksDeletes && !isRefresh ? Object.keys(before).filter((id) => !(id in hashes)) : [];
    return { dealId, changed, gone, hashes };
  }

  #remember(dealId: string, hashes: Record<string, string>): void {
    const { seen } = this.state;
    if (seen === null) return;
    if (Object.keys(hashes).length > 0) seen[dealId] = hashes;
    else delete seen[dealId];
    if (Object.keys(seen).length <= MOST_REMEMBERED) return;
    log.info(`More than ${MOST_REMEMBERED} deals have splits, too many to remember: unchanged splits are sent again.`);
    this.state.seen = null;
  }

  async #emit(records: readonly EncodedRecord[]): Promise<void> {
    if (records.length === 0) return;
    // No later than the state in front of them: a run that goes on from there is never behind it.
    await this.sink.records(this.stream.name, records, this.state.emittedAt);
  }

  /** Records are stamped as of now from here on. */
  #stamp(): void {
    this.state.emittedAt = Math.max(this.state.emittedAt, this.client.clock.now());
  }

  #now(): string {
    return new Date(this.client.clock.now()).toISOString();
  }

  async #save(refreshComplete: boolean, isAhead = false): Promise<void> {
    const { state, stream } = this;
    this.#stamp();
    const shown = state.cursor === null ? BEGINNING : earlier(state.cursor, this.options.lookbackMinutes);
    const out = {
      [stream.layout.cursorField]: shown,
      ...(refreshComplete ? { [REFRESH_COMPLETE]: true } : {}),
      hubflake: { version: VERSION, ...structuredClone(state as unknown as JsonObject) },
    };
    await this.sink.state(stream.name, isAhead ? aheadOfRecords(out) : out);
  }
}

/** source-hubspot's state of the stream is none to go on from: it has read another path, and not seen what was removed. */
function parseState(given: JsonObject | null, stream: DealSplitStream, portalId: number | null): SplitState {
  const fresh: SplitState = { portal: portalId, emittedAt: 0, cursor: null, load: null, seen: {} };
  const own = given?.hubflake as (Partial<SplitState> & { version?: number; fingerprint?: unknown }) | undefined;
  // Before 0.2 it was read as if it were a CRM object; what that state says is not known to be whole.
  if (own === undefined || own.fingerprint !== undefined) return fresh;
  checkVersion(stream.name, own.version, VERSION);
  checkPortal(stream.name, own.portal, portalId);
  return {
    portal: portalId ?? own.portal ?? null,
    emittedAt: own.emittedAt ?? 0,
    cursor: own.cursor ?? null,
    load: own.load ?? null,
    seen: own.seen === undefined ? {} : own.seen,
  };
}
