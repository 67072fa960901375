import { type Item, type ItemPage, pagesOf, withQuery } from '../../hubspot/api/endpoint.js';
import { log } from '../../log.js';
import { type EpochMs, epochMs, type Instant, instantOf, MS_A_DAY, timeOf } from '../../time.js';
import { StreamOutput } from '../core/output.js';
import type { PortalFacts, StreamRun } from '../core/stream.js';
import type { WindowResource } from './by-window.js';
import {
  ONLY,
  parseWindowState,
  settledAt,
  settledParts,
  startOf,
  UNREAD,
  type WindowState,
  windowStateJson,
} from './by-window-state.js';
import { ContentMemory, contentHash, cursorTime } from './content-memory.js';
import type { Fitted } from './fitting.js';
import { encodeFitted } from './marks.js';
import { Records } from './records.js';
import { isUnavailable } from './refusals.js';
import { type SeenEvent, SeenOrder } from './seen-order.js';
import { WindowPartition } from './window-partition.js';
import { MANY_PAGES, type Span, Windows } from './windows.js';

/** Windows that are read at once. */
const AT_ONCE = 4;
/** Events are remembered from so much before the overlap on, since HubSpot may include the ends of a window or not. */
const MARGIN_MS = 1000;

/** One read of a stream of events: several windows at once, each of which is in the state once it is finished. */
export class WindowRead {
  readonly #resource: WindowResource;
  readonly #portal: PortalFacts;
  readonly #state: WindowState;
  readonly #output: StreamOutput;
  readonly #records: Records;
  /** Where the read ends; what happens from then on is left to the next one. */
  readonly #end: Instant;
  /** The next read finds events from this time on again. */
  readonly #overlapFrom: EpochMs;
  #partitions: readonly WindowPartition[] = [];
  readonly #refusals: unknown[] = [];
  readonly #failures: unknown[] = [];
  #calls = 0;

  constructor(resource: WindowResource, portal: PortalFacts, run: StreamRun) {
    this.#resource = resource;
    this.#portal = portal;
    const state = parseWindowState(run.state, resource, portal.id);
    const isRefresh = run.mode === 'full_refresh';
    const isKept = !isRefresh || state.isRefresh;
    const nothing = { progress: new Map(), others: UNREAD, memory: new ContentMemory() };
    this.#state = { ...state, ...(isKept ? {} : nothing), isRefresh };
    this.#output = new StreamOutput(run.sink, resource.name, portal.client.clock, state.emittedAt);
    this.#records = new Records(resource);
    this.#end = instantOf(portal.client.clock.now());
    this.#overlapFrom = epochMs(timeOf(settledAt(this.#end, resource, portal)) - MARGIN_MS);
  }

  /** @returns the fewest calls for what was read */
  async read(): Promise<number> {
    const { partitions } = this.#resource;
    const values = (await partitions?.values(this.#portal)) ?? [ONLY];
    if (partitions) this.#calls += 1;
    this.#partitions = values.map((value) =>
      this.#partition(value, partitions ? { [partitions.parameter]: value } : {}),
    );
    await this.#readWindows();
    if (this.#partitions.length === 0 && this.#refusals.length > 0) throw this.#refusals[0];
    this.#records.warn();
    await this.#save({ isLast: true });
    return this.#calls;
  }

  #partition(id: string, query: Readonly<Record<string, string>>): WindowPartition {
    const progress = this.#state.progress.get(id) ?? this.#state.others;
    this.#state.progress.set(id, progress);
    const whole = { from: timeOf(startOf(progress, this.#resource, this.#portal)), to: timeOf(this.#end) };
    const done = settledParts(progress, this.#resource, this.#portal);
    const windows = new Windows(whole, done, this.#resource.sliceDays * MS_A_DAY);
    return new WindowPartition(id, withQuery(this.#resource.endpoint, query), windows);
  }

  /** Throws what made a window fail, once the others that were being read have stopped. */
  async #readWindows(): Promise<void> {
    const inFlight = new Set<Promise<unknown>>();
    while (this.#failures.length === 0) {
      const partition = inFlight.size < AT_ONCE ? this.#next() : undefined;
      if (partition) {
        const window = this.#readWindow(partition)
          .catch((error: unknown) => this.#failures.push(error))
          .finally(() => inFlight.delete(window));
        inFlight.add(window);
      } else if (inFlight.size > 0) await Promise.race(inFlight);
      else return;
    }
    await Promise.all(inFlight);
    throw this.#failures[0];
  }

  /** A partition with a window to read: one of which none is being read, or one where each of them takes several pages. */
  #next(): WindowPartition | undefined {
    const waiting = this.#partitions.filter(({ windows }) => windows.hasMore);
    return waiting.find(({ windows }) => !windows.isOpen) ?? waiting.find(({ windows }) => windows.isDense);
  }

  async #readWindow(partition: WindowPartition): Promise<void> {
    const window = partition.windows.take();
    try {
      await this.#readPages(partition, window);
    } catch (error) {
      if (!this.#resource.partitions || !isUnavailable(error)) throw error;
      this.#partitions = this.#partitions.filter((each) => each !== partition);
      this.#refusals.push(error);
      log.info(`${this.#resource.name}, ${partition.id}: ${error.message} What is there of it stays as it is.`);
    }
  }

  async #readPages(partition: WindowPartition, window: Span): Promise<void> {
    const { order: declared, window: queryOf } = this.#resource;
    const endpoint = withQuery(partition.endpoint, queryOf(instantOf(window.from), instantOf(window.to)));
    const order = new SeenOrder(declared, this.#resource.overlapMinutes * 60_000);
    let pages = 0;
    let rest: Span | null = null;
    let events: Event[] = [];
    const isEnough = ({ items, after }: ItemPage) => {
      pages += 1;
      events = items.flatMap((item) => this.#event(item) ?? []);
      order.take(events);
      rest = after !== null && pages >= MANY_PAGES ? order.restOf(window) : null;
      return rest !== null;
    };
    for await (const _ of pagesOf(this.#portal.client, endpoint, null, isEnough)) {
      if (this.#failures.length > 0) return;
      this.#calls += 1;
      await this.#emit(events.filter(({ id }) => !partition.hasEmitted(id)));
    }
    if (rest !== null) partition.expectAgain(order.again);
    partition.finish(window, pages, rest);
    this.#state.progress.set(partition.id, partition.progress(this.#end));
    if (this.#partitions.some(({ windows }) => windows.hasMore || windows.isOpen)) await this.#save({ isLast: false });
  }

  #event(item: Item): Event | null {
    const { key, cursor } = this.#resource;
    const record = this.#records.of(item);
    return record && { id: String(record.data[key]), time: cursorTime(record.data[cursor]), record };
  }

  /** Needs no write-ahead state: an event that is emitted twice is the same row. */
  async #emit(all: readonly Event[]): Promise<void> {
    const { memory } = this.#state;
    const events = all.filter(({ id, record }) => !memory.has(id) || !memory.isUnchanged(id, hashOf(record)));
    this.#output.stamp();
    await this.#output.records(events.map(({ record }) => encodeFitted(record)));
    // The known ones as well, since the shorter form of a memory does not say when they happened.
    for (const { id, time, record } of all) {
      if (time < this.#overlapFrom) continue;
      memory.remember(id, hashOf(record), record.data[this.#resource.cursor] ?? null);
    }
  }

  async #save({ isLast }: { isLast: boolean }): Promise<void> {
    this.#output.stamp();
    this.#state.emittedAt = this.#output.emittedAt;
    // What the next read does not find again need not be remembered.
    const first = Math.min(this.#overlapFrom, ...this.#partitions.map(({ windows }) => windows.until - MARGIN_MS));
    this.#state.memory.keep((cursor) => (cursor === null && !isLast) || cursorTime(cursor) >= first);
    const isComplete = isLast && this.#state.isRefresh;
    await this.#output.state(windowStateJson(this.#state, this.#resource, this.#portal, isComplete));
  }
}

function hashOf({ data }: Fitted): string {
  return contentHash(JSON.stringify(data));
}

interface Event extends SeenEvent {
  record: Fitted;
}
