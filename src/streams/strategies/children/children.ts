import { KeyedSearch } from '../../../hubspot/api/keyed-search.js';
import type { ObjectType } from '../../../hubspot/api/object-types.js';
import { LIST_LIMIT } from '../../../hubspot/api/objects.js';
import { SEARCH_LIMIT } from '../../../hubspot/api/search.js';
import type { CallKind } from '../../../hubspot/client/calls.js';
import type { HubSpotClient } from '../../../hubspot/client/client.js';
import { log } from '../../../log.js';
import type { AirbyteStream, JsonObject, SyncMode } from '../../../protocol/messages.js';
import { earlier, type Instant, instantOf, isFrom, later } from '../../../time.js';
import { StreamOutput } from '../../core/output.js';
import type { ParentBatch } from '../../core/parent-ids.js';
import type { EncodedRecord } from '../../core/sink.js';
import type { Estimate, PortalFacts, Stream, StreamRun } from '../../core/stream.js';
import { EVERY_ID } from '../../crm/run/object-state.js';
import { countRecords } from '../../crm/search/count.js';
import { rangeGroups } from '../../crm/search/search-filters.js';
import { updatedAtOf } from '../../layouts/layout.js';
import { contentHash } from '../content-memory.js';
import { loadOf, resume, unlessRefreshed } from '../resume.js';
import { type ChildrenState, childrenStateJson, parseChildrenState, rememberChildren, UNCERTAIN } from './state.js';

/** A resource that HubSpot returns only by the ids of CRM records, its parents. */
export interface ChildrenResource<Child> {
  /** The stream's catalog entry. */
  entry: AirbyteStream;
  /** The children's name in messages. */
  noun: string;
  parent: ObjectType;
  /** The call that reads them. */
  kind: CallKind;
  parentsPerCall: number;
  /** The calls that reading `parentsPerCall` parents takes, one by default. */
  callsEach?: number;
  /** Reads the children of parents, one response at a time. Several responses may have children of one parent. */
  read(client: HubSpotClient, parentIds: readonly string[]): AsyncIterable<readonly Child[]>;
  encode(child: Child): EncodedRecord;
  /** What the stream is of, besides its name. If it differs from the state's, the stream starts from scratch. */
  identity?: Readonly<Record<string, string>>;
  /** How children change with their parents; null: they change independently and have no time, so all are read each time. */
  increments: ChildIncrements<Child> | null;
}

/** What an increment needs: it compares the children of a modified parent with those it had before. */
export interface ChildIncrements<Child> {
  parentOf(child: Child): string;
  /** What tells a child from the others of its parent. */
  idOf(child: Child): string;
  /** The ids of parents whose children may have changed since, though the parents were not modified. */
  alsoChanged?(portal: PortalFacts, since: Instant): AsyncIterable<readonly string[]>;
  /** The child's content, by which changes are recognized. */
  contentOf(child: Child): unknown;
  /** Whether the child is not archived. */
  isLive(child: Child): boolean;
  /** Whether the child is not left out by a start date. */
  isWanted(child: Child): boolean;
  /** The tombstone of a child that its parent no longer has; null: none is emitted. */
  tombstone: ((id: string, at: Instant) => EncodedRecord) | null;
}

/**
 * A stream of the children of a CRM object's records. The parents' ids come from HubSpot's list, which the streams of a run share,
 * and in an increment from a search for modified parents.
 */
export class Children<Child> implements Stream {
  readonly name: string;
  readonly entry: AirbyteStream;

  constructor(
    readonly resource: ChildrenResource<Child>,
    readonly portal: PortalFacts,
  ) {
    this.entry = resource.entry;
    this.name = resource.entry.name;
  }

  async probe(): Promise<void> {
    const { resource, portal } = this;
    const first = await portal.firstRow(resource.parent);
    // If there is no parent yet, any id shows whether the token may read.
    for await (const _ of resource.read(portal.client, [first?.id ?? '1'])) return;
  }

  async estimate(given: JsonObject | null, mode: SyncMode): Promise<Estimate> {
    const { resource, portal } = this;
    const { parent, noun, parentsPerCall, kind, increments, callsEach = 1 } = resource;
    const { cursor } = parseChildrenState(given, this.name, portal.id, resource.identity);
    const isIncrement = increments !== null && cursor !== null && mode === 'incremental';
    const since = isIncrement ? earlier(cursor, portal.config.lookbackMinutes) : null;
    const parents = await countRecords(portal.client, parent, since);
    const calls = { burst: 0, search: 0, exempt: 0 };
    calls[kind.budget] += Math.ceil(parents / parentsPerCall) * callsEach;
    // A first load is followed by a search for what was modified in the meantime.
    if (increments) calls.search += Math.max(1, isIncrement ? Math.ceil(parents / SEARCH_LIMIT) : 1);
    if (!isIncrement) calls.burst += Math.max(1, Math.ceil(parents / LIST_LIMIT));
    const what = since
      ? `${noun} of ${parent.name} modified since ${since.slice(0, 16)}Z`
      : `all ${noun} of ${parents.toLocaleString('en')} ${parent.name}`;
    return { what, rows: null, calls };
  }

  async read(run: StreamRun): Promise<number> {
    return unlessRefreshed(run, this.name, () => new ChildrenRead(this, run).read());
  }
}

class ChildrenRead<Child> {
  readonly #resource: ChildrenResource<Child>;
  readonly #portal: PortalFacts;
  readonly #name: string;
  readonly #isRefresh: boolean;
  readonly #state: ChildrenState;
  readonly #output: StreamOutput;
  #calls = 0;

  constructor({ resource, portal, name }: Children<Child>, { state, mode, sink }: StreamRun) {
    this.#resource = resource;
    this.#portal = portal;
    this.#name = name;
    this.#isRefresh = mode === 'full_refresh';
    this.#state = parseChildrenState(state, name, portal.id, resource.identity);
    this.#output = new StreamOutput(sink, name, portal.client.clock, this.#state.emittedAt);
  }

  async read(): Promise<number> {
    const state = this.#state;
    const { lookbackMinutes } = this.#portal.config;
    const hasIncrements = this.#resource.increments !== null;
    if (!hasIncrements && !this.#isRefresh) log.info(`${this.#name} has no cursor, so it is read as a full refresh.`);
    const startedAt = this.#now();
    const isFirst = state.cursor === null || !hasIncrements;
    state.load = loadOf(state.load, { isRefresh: this.#isRefresh, isFirst }, startedAt);
    const since = state.load?.startedAt ?? earlier(state.cursor ?? startedAt, lookbackMinutes);
    if (state.load) await this.#readAll(state.load);
    if (hasIncrements) {
      // Parents that changed while their list was read; a refresh leaves them to the next sync.
      const isComplete = this.#isRefresh || (await this.#readChanged(since));
      state.cursor = this.#isRefresh ? since : isComplete ? startedAt : later(since, lookbackMinutes);
    }
    state.load = null;
    await this.#save({ isComplete: this.#isRefresh });
    return this.#calls;
  }

  async #readAll(load: { after: string | null }): Promise<void> {
    let batch = await resume(this.#name, load.after, (after) => this.#batchAt(after));
    for (;;) {
      const { ids, after } = batch;
      // The next ids are requested while these are processed.
      const next = after === null ? null : this.#batchAt(after);
      next?.catch(() => undefined);
      await this.#emitChildrenOf(ids);
      load.after = after;
      if (next === null) return;
      await this.#save();
      batch = await next;
    }
  }

  #batchAt(after: string | null): Promise<ParentBatch> {
    const { parent, parentsPerCall } = this.#resource;
    return this.#portal.parents.batch(parent, after, parentsPerCall);
  }

  /** @returns whether the search returned every parent that it counted */
  async #readChanged(since: Instant): Promise<boolean> {
    const { parent, parentsPerCall, increments } = this.#resource;
    const search = new KeyedSearch(this.#portal.client, {
      type: parent,
      properties: [],
      filtersOf: (range) => rangeGroups({ type: parent, filterGroups: [] }, { since }, range),
      isWanted: (row) => isFrom(updatedAtOf(row), since),
    });
    const found = new Set<string>();
    for (let { after } = EVERY_ID, isLast = false; !isLast; ) {
      const page = await search.next({ after, upTo: null });
      const ids = page.rows.map((row) => row.id);
      for (let start = 0; start < ids.length; start += parentsPerCall) {
        await this.#emitChildrenOf(ids.slice(start, start + parentsPerCall));
      }
      for (const id of ids) found.add(id);
      ({ reached: after, isLast } = page);
    }
    this.#calls += Math.max(1, Math.ceil(found.size / SEARCH_LIMIT));
    for await (const ids of increments?.alsoChanged?.(this.#portal, since) ?? []) {
      await this.#emitChildrenOf(ids.filter((id) => !found.has(id)));
    }
    return !search.isUnsettled;
  }

  async #emitChildrenOf(parentIds: readonly string[]): Promise<void> {
    if (parentIds.length === 0) return;
    const { increments, callsEach = 1 } = this.#resource;
    const byParent = new Map<string, Child[]>(parentIds.map((id) => [id, []]));
    for await (const children of this.#resource.read(this.#portal.client, parentIds)) {
      this.#calls += callsEach;
      if (increments === null) await this.#emit(children);
      else for (const child of children) byParent.get(increments.parentOf(child))?.push(child);
    }
    if (increments) await this.#emitChanges(byParent, increments);
  }

  async #emit(children: readonly Child[]): Promise<void> {
    this.#output.stamp();
    await this.#output.records(children.map((child) => this.#resource.encode(child)));
  }

  async #emitChanges(byParent: ReadonlyMap<string, Child[]>, increments: ChildIncrements<Child>): Promise<void> {
    const changes = [...byParent].map(([parentId, children]) => this.#changesOf(parentId, children, increments));
    this.#output.stamp();
    if (!this.#isRefresh && changes.some(({ isRisky }) => isRisky)) {
      for (const { parentId, changed, gone, hashes } of changes) {
        const uncertain = [...changed.map((child) => increments.idOf(child)), ...gone].map((id) => [id, UNCERTAIN]);
        this.#remember(parentId, { ...hashes, ...Object.fromEntries(uncertain) });
      }
      await this.#save({ isAhead: true });
    }
    const at = this.#now();
    for (const { parentId, changed, gone, hashes } of changes) {
      await this.#output.records([
        ...changed.map((child) => this.#resource.encode(child)),
        // When it changed is not known any more, and no later version of it can follow.
        ...gone.flatMap((id) => increments.tombstone?.(id, at) ?? []),
      ]);
      this.#remember(parentId, hashes);
    }
  }

  #changesOf(parentId: string, all: readonly Child[], increments: ChildIncrements<Child>) {
    const before = this.#state.seen?.[parentId] ?? {};
    const live = all.filter((child) => increments.isLive(child));
    const hashes: Record<string, string> = Object.fromEntries(
      live.map((child) => [increments.idOf(child), contentHash(JSON.stringify(increments.contentOf(child)))]),
    );
    const changed = live.filter((child) => {
      const id = increments.idOf(child);
      return increments.isWanted(child) && (this.#isRefresh || before[id] !== hashes[id]);
    });
    const emitsGone = increments.tombstone !== null && !this.#isRefresh;
    const gone = emitsGone ? Object.keys(before).filter((id) => !(id in hashes)) : [];
    // If this run is killed after emitting a child that no state remembers, the next one emits it again, but never its
    // tombstone.
    const isRisky =
      gone.length > 0 || changed.some((child) => increments.tombstone !== null || increments.idOf(child) in before);
    return { parentId, changed, gone, hashes, isRisky };
  }

  #remember(parentId: string, hashes: Record<string, string>): void {
    rememberChildren(this.#state, parentId, hashes, this.#resource.noun);
  }

  #now(): Instant {
    return instantOf(this.#portal.client.clock.now());
  }

  async #save({ isComplete = false, isAhead = false } = {}): Promise<void> {
    this.#output.stamp();
    const { entry, identity } = this.#resource;
    const own = { ...this.#state, emittedAt: this.#output.emittedAt };
    const lookback = this.#portal.config.lookbackMinutes;
    const json = childrenStateJson(own, entry.default_cursor_field?.[0] ?? null, lookback, isComplete, identity);
    await (isAhead ? this.#output.stateAhead(json) : this.#output.state(json));
  }
}
