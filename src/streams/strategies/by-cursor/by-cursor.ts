import { type Endpoint, type Item, type ItemPage, pagesOf, withQuery } from '../../../hubspot/api/endpoint.js';
import type { JsonObject, JsonValue, SyncMode } from '../../../protocol/messages.js';
import { earlier, epochMs, type Instant, instantOf, isFrom, MS_A_DAY, notBefore, timeOf } from '../../../time.js';
import { StreamOutput } from '../../core/output.js';
import type { EncodedRecord } from '../../core/sink.js';
import type { Estimate, PortalFacts, Stream, StreamDeclaration, StreamRun } from '../../core/stream.js';
import { contentHash, cursorTime } from '../content-memory.js';
import { encodeRecord, type Marks, markedEntry, marksFor } from '../marks.js';
import { Records } from '../records.js';
import { declare, type Resource } from '../resource.js';
import { loadOf, resume, unlessRefreshed } from '../resume.js';
import { type CursorState, cursorStateJson, parseCursorState } from './state.js';

type Query = Readonly<Record<string, string>>;

/** A collection that HubSpot filters by update time, so that an increment requests only what was updated since the last read. */
export interface CursorResource extends Resource {
  key: string;
  cursor: string;
  /** The query that leaves out items last updated before an instant. */
  since(instant: Instant): Query;
  /** The queries that together answer every item, where each leaves some out. An item is as the first one that answers it has it. */
  passes?: readonly Query[];
  /** Items whose members move without their time of update, as statistics do: each sync reads those made in the last days again. */
  young?: { days: number; madeSince(instant: Instant): Query; madeAt(item: Item): string | null };
  /**
   * What was updated lately, where HubSpot has that in a collection of its own: it reaches back so many days, and has so many items at most.
   * Where that does not do, the whole collection is read, from which an increment takes what was updated since.
   */
  recent?: {
    endpoint: Endpoint;
    since(instant: Instant): Query;
    days: number;
    most: number;
  };
  /** HubSpot's list of archived items; without it, deletions cannot be seen. */
  archived?: {
    endpoint: Endpoint;
    /** The query that leaves out items archived before an instant; without it, the whole list is read. */
    since?(instant: Instant): Query;
    /** When an item was archived, as HubSpot has it. */
    archivedAt(item: Item): string | null;
  };
}

/** Declares a stream that is read by its cursor. */
export function byCursor(resource: CursorResource): StreamDeclaration {
  return declare(resource, (named, portal) => new ByCursor(named, portal), {
    increment: 'updated since',
    hiddenDeletions: resource.archived ? null : 'HubSpot does not list what was deleted',
  });
}

class ByCursor implements Stream {
  readonly name: string;
  readonly entry;
  readonly marks: Marks;

  constructor(
    readonly resource: CursorResource,
    readonly portal: PortalFacts,
  ) {
    const { name, archived } = resource;
    this.name = name;
    this.marks = marksFor(portal, resource, archived !== undefined);
    this.entry = markedEntry(resource, archived !== undefined, this.marks);
  }

  async estimate(given: JsonObject | null, mode: SyncMode): Promise<Estimate> {
    const state = parseCursorState(given, this.resource, this.portal.id);
    const isIncrement = mode === 'incremental' && state.cursor !== null;
    const calls = { burst: 0, search: 0, exempt: 0 };
    // HubSpot returns no count of such a collection, so only the first page is counted.
    const { endpoint, passes = [{}], young } = this.resource;
    const lists = this.marks.deletes && mode === 'incremental' ? 2 : 1;
    calls[endpoint.kind.budget] += passes.length * lists + (young && isIncrement ? 1 : 0);
    const what = isIncrement
      ? `updated since ${(state.cursor ?? '').slice(0, 16)}Z, in one page or more`
      : 'everything, in one page or more';
    return { what, rows: null, calls };
  }

  async read(run: StreamRun): Promise<number> {
    return unlessRefreshed(run, this.name, () => new CursorRead(this, run).read());
  }
}

class CursorRead {
  readonly #resource: CursorResource;
  readonly #portal: PortalFacts;
  readonly #marks: Marks;
  readonly #isRefresh: boolean;
  readonly #state: CursorState;
  readonly #output: StreamOutput;
  readonly #passes: readonly Query[];
  readonly #records: Records;
  /** The next increment begins here: earlier items need not be remembered. */
  #nextSince = epochMs(0);
  /** Items made from here on are read again by each sync; null: none are. */
  readonly #youngSince: Instant | null;
  readonly #youngIds = new Set<string>();
  /**
   * Whether a state has the beginning of this load. Without one, a run after a kill would begin another load, and owe
   * no tombstones for items archived before that.
   */
  #isLoadKept = false;
  #calls = 0;

  constructor({ resource, portal, marks }: ByCursor, run: StreamRun) {
    this.#resource = resource;
    this.#portal = portal;
    this.#marks = marks;
    this.#isRefresh = run.mode === 'full_refresh';
    this.#state = parseCursorState(run.state, resource, portal.id);
    this.#output = new StreamOutput(run.sink, resource.name, portal.client.clock, this.#state.emittedAt);
    this.#passes = resource.passes ?? [{}];
    const now = instantOf(portal.client.clock.now());
    this.#youngSince = resource.young ? earlier(now, (resource.young.days * MS_A_DAY) / 60_000) : null;
    this.#records = new Records(resource);
  }

  async read(): Promise<number> {
    const state = this.#state;
    const { lookbackMinutes, startDate } = this.#portal.config;
    const isResumed = state.load !== null;
    this.#isLoadKept = isResumed || state.cursor !== null;
    const now = instantOf(this.#portal.client.clock.now());
    state.load = loadOf(state.load, { isRefresh: this.#isRefresh, isFirst: state.cursor === null }, now);
    const beganAt = state.load?.startedAt ?? now;
    const lookback = earlier(state.load ? beganAt : (state.cursor ?? beganAt), lookbackMinutes);
    this.#nextSince = timeOf(earlier(beganAt, lookbackMinutes));
    const since = state.load ? startDate : notBefore(lookback, startDate);
    const hasBegun = () => this.#calls > 0;
    const isIncrement = state.load === null;
    await resume(this.#resource.name, state.load?.after ?? null, (after) => this.#readPages(since, after), hasBegun);
    if (isIncrement) await this.#readYoung();
    if (state.load && !this.#isRefresh && (isResumed || this.#calls > 1)) {
      // What changed on pages that had been read. Interrupted from here on, the next run is an increment.
      state.cursor = beganAt;
      state.load = null;
      await this.#readPages(notBefore(lookback, startDate), null);
    }
    // A first load owes tombstones for items that are archived while it runs.
    if (!this.#isRefresh && this.#marks.deletes) await this.#readArchived(lookback);
    state.cursor = beganAt;
    state.load = null;
    this.#records.warn();
    state.memory.keep((cursor, id) => cursorTime(cursor) >= this.#nextSince || this.#youngIds.has(id));
    await this.#save({ isComplete: this.#isRefresh });
    return this.#calls;
  }

  async #readPages(since: Instant | null, start: string | null): Promise<void> {
    const { recent, endpoint, since: queryOf } = this.#resource;
    if (recent && since !== null && this.#state.load === null && (await this.#readRecent(since, recent))) return;
    // Where there are several passes, those that an earlier one has answered.
    const seen = this.#passes.length > 1 ? new Set<string>() : null;
    for (const pass of this.#passes) {
      const query = { ...pass, ...(since === null ? {} : queryOf(since)) };
      for await (const { items, after } of pagesOf(this.#portal.client, withQuery(endpoint, query), start)) {
        this.#calls += 1;
        const fresh = items.filter((item) => !seen?.has(this.#idOf(item)));
        for (const item of items) seen?.add(this.#idOf(item));
        await this.#emitLive(fresh, since);
        // An interrupted increment starts over, but emits nothing twice; so does a load of several passes, which must know what it has seen.
        if (this.#state.load === null || after === null || seen !== null) continue;
        this.#state.load.after = after;
        await this.#save();
      }
    }
  }

  /** @returns whether it had all that was updated since */
  async #readRecent(since: Instant, recent: NonNullable<CursorResource['recent']>): Promise<boolean> {
    const now = this.#portal.client.clock.now();
    // A day less, since the read takes time.
    if (now - timeOf(since) > (recent.days - 1) * MS_A_DAY) return false;
    const endpoint = withQuery(recent.endpoint, recent.since(since));
    let isCut = false;
    const isEnough = ({ total }: ItemPage) => {
      isCut = total === null || total >= recent.most;
      return isCut;
    };
    for await (const { items } of pagesOf(this.#portal.client, endpoint, null, isEnough)) {
      this.#calls += 1;
      if (isCut) return false;
      await this.#emitLive(items, since);
    }
    return true;
  }

  async #readYoung(): Promise<void> {
    const { young, endpoint } = this.#resource;
    if (!young || this.#youngSince === null) return;
    const query = { ...this.#passes[0], ...young.madeSince(this.#youngSince) };
    for await (const { items } of pagesOf(this.#portal.client, withQuery(endpoint, query))) {
      this.#calls += 1;
      await this.#emitLive(items, null);
    }
  }

  #emitLive(items: readonly Item[], since: Instant | null): Promise<void> {
    return this.#emit(items.flatMap((item) => this.#liveChange(item, since) ?? []));
  }

  #idOf(item: Item): string {
    return String(item[this.#resource.endpoint.id ?? 'id']);
  }

  async #readArchived(since: Instant): Promise<void> {
    const { archived } = this.#resource;
    if (!archived) return;
    const { endpoint, since: query, archivedAt: archivedAtOf } = archived;
    const seen = new Set<string>();
    for (const pass of this.#passes) {
      const asked = withQuery(endpoint, { ...pass, ...query?.(since) });
      for await (const { items } of pagesOf(this.#portal.client, asked)) {
        this.#calls += 1;
        const changes = items.flatMap((item) => {
          const archivedAt = archivedAtOf(item);
          const isDue = archivedAt !== null && isFrom(archivedAt, since) && !seen.has(this.#idOf(item));
          return isDue ? (this.#change(item, archivedAt) ?? []) : [];
        });
        if (this.#passes.length > 1) for (const item of items) seen.add(this.#idOf(item));
        await this.#emit(changes.filter((change) => !this.#isKnown(change)));
      }
    }
  }

  /** null: the item is left out by the start date, was updated earlier than an increment begins, was emitted unchanged, or has no key. */
  #liveChange(item: Item, since: Instant | null): Change | null {
    const change = this.#change(item, null);
    if (change === null) return null;
    const start = this.#resource.recent && since !== null ? since : this.#portal.config.startDate;
    const at = typeof change.at === 'number' ? instantOf(epochMs(change.at)) : change.at;
    const isWanted = typeof at !== 'string' || isFrom(at, start);
    return isWanted && (this.#isRefresh || !this.#isKnown(change)) ? change : null;
  }

  #change(item: Item, archivedAt: string | null): Change | null {
    const record = this.#records.of(item);
    if (record === null) return null;
    const { data } = record;
    const madeAt = this.#resource.young?.madeAt(item) ?? null;
    const isYoung = archivedAt === null && madeAt !== null && isFrom(madeAt, this.#youngSince);
    if (isYoung) this.#youngIds.add(String(data[this.#resource.key]));
    return {
      isYoung,
      id: String(data[this.#resource.key]),
      at: archivedAt ?? data[this.#resource.cursor] ?? null,
      hash: contentHash(JSON.stringify([data, archivedAt])),
      record: encodeRecord(record, this.#marks, archivedAt),
    };
  }

  #isKnown({ id, hash }: Change): boolean {
    return this.#state.memory.isUnchanged(id, hash);
  }

  async #emit(changes: readonly Change[]): Promise<void> {
    if (changes.length === 0) return;
    const { memory } = this.#state;
    this.#output.stamp();
    const known = changes.filter(({ id }) => memory.has(id));
    for (const { id, at } of known) memory.markUncertain(id, at);
    const isRisky = known.length > 0 || (this.#marks.deletes && !this.#isLoadKept);
    if (isRisky && !this.#isRefresh) await this.#save({ isAhead: true });
    await this.#output.records(changes.map(({ record }) => record));
    for (const { id, hash, at, isYoung } of changes) {
      if (isYoung || cursorTime(at) >= this.#nextSince) memory.remember(id, hash, at);
    }
  }

  async #save({ isComplete = false, isAhead = false } = {}): Promise<void> {
    this.#isLoadKept = true;
    this.#output.stamp();
    const { id, config } = this.#portal;
    const own = { ...this.#state, emittedAt: this.#output.emittedAt };
    const state = cursorStateJson(own, this.#resource, id, config.lookbackMinutes, isComplete);
    await (isAhead ? this.#output.stateAhead(state) : this.#output.state(state));
  }
}

/** A record to emit, with what is remembered of it. */
interface Change {
  id: string;
  /** Whether each sync reads the item again. */
  isYoung: boolean;
  /** When the item was last updated or archived. */
  at: JsonValue;
  hash: string;
  record: EncodedRecord;
}
