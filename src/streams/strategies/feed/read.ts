import { type Endpoint, type Item, pagesOf } from '../../../hubspot/api/endpoint.js';
import { log } from '../../../log.js';
import type { JsonObject } from '../../../protocol/messages.js';
import { type EpochMs, epochMs, instantOf, timeOf } from '../../../time.js';
import { StreamOutput } from '../../core/output.js';
import type { PortalFacts, StreamRun } from '../../core/stream.js';
import { BEGINNING } from '../../core/stream-state.js';
import { forEachAtOnce } from '../at-once.js';
import { ContentMemory, contentHash, cursorTime } from '../content-memory.js';
import type { Fitted } from '../fitting.js';
import { encodeRecord, type Marks } from '../marks.js';
import { newestFirst } from '../newest-first.js';
import { type Parent, parentItems, parentOf } from '../parents.js';
import { Records } from '../records.js';
import { Refusals } from '../refusals.js';
import { idOf, publicCursor, recordOf } from '../resource.js';
import { loadOf, resume } from '../resume.js';
import { type FeedResource, overlapOf, parentsSince } from './resource.js';
import { type FeedState, feedStateJson, parseFeedState } from './state.js';

/** Parents whose items are requested at once. */
const CONCURRENCY = 6;
/** The most records, and parents, until a state follows. */
const MOST_UNSAVED = { records: 5_000, parents: 500 };

/** One read of a feed. */
export class FeedRead {
  readonly #resource: FeedResource;
  readonly #portal: PortalFacts;
  readonly #marks: Marks;
  readonly #isRefresh: boolean;
  readonly #state: FeedState;
  readonly #output: StreamOutput;
  readonly #refusals: Refusals;
  readonly #records: Records;
  readonly #overlapMs: number;
  /** The next read begins here: earlier items need not be remembered. */
  #nextSince = 0;
  readonly #seen = new Set<string>();
  #unsaved = { records: 0, parents: 0 };
  #leftOut = 0;
  #calls = 0;

  constructor(
    { resource, portal, marks }: { resource: FeedResource; portal: PortalFacts; marks: Marks },
    run: StreamRun,
  ) {
    this.#resource = resource;
    this.#portal = portal;
    this.#marks = marks;
    this.#isRefresh = run.mode === 'full_refresh';
    this.#state = parseFeedState(run.state, resource, portal.id);
    this.#output = new StreamOutput(run.sink, resource.name, portal.client.clock, this.#state.emittedAt);
    this.#refusals = new Refusals(resource.name);
    this.#records = new Records(resource);
    this.#overlapMs = overlapOf(resource, portal) * 60_000;
  }

  async read(): Promise<number> {
    const state = this.#state;
    // Refused here it concerns the stream; among the items of a parent it would be taken for a refusal of the parent.
    await this.#resource.completed?.probe(this.#portal);
    const before = state.load;
    const now = instantOf(this.#portal.client.clock.now());
    state.load = loadOf(before, { isRefresh: this.#isRefresh, isFirst: state.until === null }, now);
    if (this.#isRefresh && state.load !== before) this.#startAnew();
    const startedAt = state.load?.startedAt ?? now;
    this.#nextSince = timeOf(startedAt) - this.#overlapMs;
    await resume(
      this.#resource.name,
      state.load?.after ?? null,
      (after) => this.#readFrom(after),
      () => this.#calls > 0,
    );
    await this.#readBehind();
    this.#refusals.check();
    this.#records.warn();
    const { name, completed } = this.#resource;
    if (completed && this.#leftOut > 0) log.info(`${name}: ${completed.leftOut(this.#leftOut)}`);
    state.until = startedAt;
    state.load = null;
    this.#forgetParents(timeOf(startedAt));
    state.memory.keep((cursor) => cursorTime(cursor) >= this.#nextSince);
    await this.#save({ isComplete: this.#isRefresh });
    return this.#calls;
  }

  #startAnew(): void {
    const state = this.#state;
    state.parents.clear();
    state.positions.clear();
    state.memory = new ContentMemory();
  }

  /** @param position among the parents: the number of the collection, a colon and the cursor of its next page; null: the first page */
  async #readFrom(position: string | null): Promise<void> {
    const { load, until } = this.#state;
    const { parents } = this.#resource;
    const since = load || until === null ? null : instantOf(epochMs(timeOf(until) - this.#overlapMs));
    const [, number = '0', cursor = ''] = /^(\d+):(.*)$/.exec(position ?? '') ?? [];
    const endpoints = parentsSince(this.#resource, since);
    for (let index = Number(number), start = cursor; index < endpoints.length; index += 1, start = '') {
      const endpoint = endpoints[index] as Endpoint;
      for await (const page of pagesOf(this.#portal.client, endpoint, start === '' ? null : start)) {
        this.#calls += page.calls;
        const all = parentItems(parents, page.items).map((item) => parentOf(parents, item));
        await forEachAtOnce(all, CONCURRENCY, (parent) => this.#readParent(parent));
        if (load) {
          load.after = page.after === null ? `${index + 1}:` : `${index}:${page.after}`;
          this.#forgetParents(timeOf(load.startedAt));
        }
        await this.#saveIfDue();
      }
    }
  }

  /** Parents that HubSpot refused before are asked again, though nothing may have been added since. */
  async #readBehind(): Promise<void> {
    const { parents, movedSince } = this.#resource;
    if (!movedSince) return;
    const behind = [...this.#state.parents.keys()].filter((id) => !this.#seen.has(id));
    await forEachAtOnce(behind, CONCURRENCY, (id) => this.#readParent(parentOf(parents, { [parents.id]: id })));
  }

  async #readParent(parent: Parent): Promise<void> {
    const { load, parents, positions } = this.#state;
    const known = parents.get(parent.id);
    this.#seen.add(parent.id);
    // The load that is resumed has read it already.
    if (load && known !== undefined && known >= timeOf(load.startedAt)) return;
    const before = known ?? this.#untilOfOthers();
    const outcome = await this.#refusals.attempt(() => this.#readItems(parent, before));
    if (outcome === 'read') return;
    positions.delete(parent.id);
    if (outcome === 'vanished') parents.delete(parent.id);
    else if (this.#resource.movedSince) parents.set(parent.id, before ?? epochMs(0));
  }

  /** Up to when parents were read that the state does not name; null: not at all. */
  #untilOfOthers(): EpochMs | null {
    const { load, until, isForeign } = this.#state;
    const isKnown = !load && until !== null && (this.#resource.movedSince !== undefined || isForeign);
    return isKnown ? timeOf(until) : null;
  }

  async #readItems(parent: Parent, before: EpochMs | null): Promise<void> {
    const { parents, positions } = this.#state;
    const { client, config } = this.#portal;
    const position = before === null ? positions.get(parent.id) : undefined;
    const startedAt = position?.startedAt ?? client.clock.now();
    const start = config.startDate === null ? Number.NEGATIVE_INFINITY : timeOf(config.startDate);
    const since = Math.max(start, before === null ? Number.NEGATIVE_INFINITY : before - this.#overlapMs);
    let hasBegun = false;
    const read = async (after: string | null) => {
      const request = {
        endpoint: this.#resource.itemsAt(parent),
        timeOf: (item: Item) => this.#timeOf(recordOf(this.#resource, { ...item, ...parent.members })),
        since: Number.isFinite(since) ? epochMs(since) : null,
        start: after,
      };
      for await (const page of newestFirst(client, request)) {
        hasBegun = true;
        this.#calls += page.calls;
        const added = page.items.map((item) => ({ ...item, ...parent.members }));
        const all = (await this.#completed(added, since)).flatMap((item) => this.#records.of(item) ?? []);
        await this.#emit(all.filter(({ data }) => !isBefore(this.#timeOf(data), since)));
        if (before !== null || page.after === null) continue;
        positions.set(parent.id, { startedAt, after: page.after });
        await this.#saveIfDue();
      }
    };
    await resume(this.#resource.name, position?.after ?? null, read, () => hasBegun);
    parents.set(parent.id, startedAt);
    positions.delete(parent.id);
    this.#unsaved.parents += 1;
  }

  /**
   * The items that become records, with what `completed` finds out of them; those of which it finds nothing are left
   * out.
   */
  async #completed(all: readonly Item[], since: number): Promise<readonly Item[]> {
    const { completed, itemsOf = (item) => [item] } = this.#resource;
    if (!completed) return all.flatMap(itemsOf);
    const wanted = all.filter((item) => !isBefore(this.#timeOf(recordOf(this.#resource, item)), since));
    const { items, calls } = await completed.by(this.#portal, wanted);
    this.#calls += calls;
    this.#leftOut += wanted.length - items.length;
    return items.flatMap(itemsOf);
  }

  #timeOf(data: JsonObject): EpochMs {
    return cursorTime(data[this.#resource.cursor]);
  }

  /** Needs no write-ahead state: an item that is emitted twice is the same row. */
  async #emit(records: readonly Fitted[]): Promise<void> {
    const { memory } = this.#state;
    const fresh = records
      .map((record) => ({ record, id: idOf(this.#resource, record.data), hash: hashOf(record) }))
      .filter(({ id, hash }) => !memory.isUnchanged(id, hash));
    this.#output.stamp();
    const now = instantOf(this.#output.emittedAt);
    await this.#output.records(fresh.map(({ record }) => encodeRecord(record, this.#marks, null, now)));
    for (const { record, id, hash } of fresh) {
      const { data } = record;
      if (this.#timeOf(data) >= this.#nextSince) memory.remember(id, hash, data[this.#resource.cursor] ?? null);
    }
    this.#unsaved.records += fresh.length;
  }

  /** Where HubSpot filters parents by time, a state names only those that are behind the others. */
  #forgetParents(startedAt: EpochMs): void {
    if (!this.#resource.movedSince) return;
    const { parents } = this.#state;
    for (const [id, until] of parents) if (until >= startedAt) parents.delete(id);
  }

  async #saveIfDue(): Promise<void> {
    const { records, parents } = this.#unsaved;
    if (records >= MOST_UNSAVED.records || parents >= MOST_UNSAVED.parents) await this.#save();
  }

  async #save({ isComplete = false } = {}): Promise<void> {
    this.#unsaved = { records: 0, parents: 0 };
    this.#output.stamp();
    const own = { ...this.#state, emittedAt: this.#output.emittedAt };
    const { until } = this.#state;
    const since = until === null ? BEGINNING : instantOf(epochMs(timeOf(until) - this.#overlapMs));
    await this.#output.state(feedStateJson(own, publicCursor(this.#resource, since), this.#portal.id, isComplete));
  }
}

/** One whose time is not known is not left out. */
function isBefore(time: EpochMs, since: number): boolean {
  return Number.isFinite(time) && time < since;
}

function hashOf({ data }: Fitted): string {
  return contentHash(JSON.stringify(data));
}
