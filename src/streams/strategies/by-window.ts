import { type Item, pagesOf, withQuery } from '../../hubspot/api/endpoint.js';
import { jsonText } from '../../protocol/encode.js';
import type { JsonObject, JsonValue, SyncMode } from '../../protocol/messages.js';
import { type EpochMs, earlier, type Instant, instantOf, later, notBefore, timeOf } from '../../time.js';
import { StreamOutput } from '../core/output.js';
import {
  catalogEntry,
  type Estimate,
  type PortalFacts,
  type Stream,
  type StreamDeclaration,
  type StreamRun,
} from '../core/stream.js';
import { BEGINNING, ownState, REFRESH_COMPLETE, stateValue } from '../core/stream-state.js';
import { ContentMemory, contentHash, cursorTime } from './content-memory.js';
import { declare, publicCursor, type Resource, recordOf } from './resource.js';
import { unlessRefreshed } from './resume.js';

const VERSION = 1;
const MINUTES_A_DAY = 24 * 60;
/** A window with more pages is followed by a shorter one. */
const MANY_PAGES = 10;

/**
 * A collection of events that HubSpot filters by time. Events do not change, so a window need not be read again, except for events
 * that HubSpot returns late.
 */
export interface WindowResource extends Resource {
  key: string;
  cursor: string;
  /** The query for events from one instant on, and before another. */
  window(from: Instant, to: Instant): Readonly<Record<string, string>>;
  /** The length of the shortest window; windows grow while there are few events. An interrupted read resumes with its last window. */
  sliceDays: number;
  /** How late HubSpot may return events: each read begins this much earlier, or by the configured lookback if that is longer. */
  overlapMinutes: number;
  /** How many days HubSpot keeps events; null: forever. */
  keptDays: number | null;
}

/** Declares a stream of events that is read in windows of time. `cursor` names the field with the time of an event. */
export function byWindow(resource: WindowResource): StreamDeclaration {
  return declare(resource, (named, portal) => new ByWindow(named, portal));
}

class ByWindow implements Stream {
  readonly name: string;
  readonly entry;

  constructor(
    readonly resource: WindowResource,
    readonly portal: PortalFacts,
  ) {
    const { name, schema, key, cursor } = resource;
    this.name = name;
    this.entry = catalogEntry(name, schema, [key], cursor);
  }

  async estimate(given: JsonObject | null, mode: SyncMode): Promise<Estimate> {
    const { until } = parseWindowState(given, this.resource, this.portal.id);
    const isIncrement = mode === 'incremental' && until !== null;
    const now = this.portal.client.clock.now();
    const from = startOf(this.resource, this.portal, isIncrement ? until : null);
    const calls = { burst: 0, search: 0, exempt: 0 };
    const slices = (now - timeOf(from)) / (this.resource.sliceDays * MINUTES_A_DAY * 60_000);
    // The fewest: as long as a window takes one page, the next one is twice as long.
    calls[this.resource.endpoint.kind.budget] += Math.max(1, Math.ceil(Math.log2(slices + 1)));
    return { what: `events since ${from.slice(0, 16)}Z, in a page a window or more`, rows: null, calls };
  }

  async read(run: StreamRun): Promise<number> {
    return unlessRefreshed(run, this.name, () => new WindowRead(this, run).read());
  }

  readAgain(): null {
    return null;
  }
}

/** What a stream of events resumes from. */
export interface WindowState {
  emittedAt: EpochMs;
  /** All events before this instant were read; null: none were. */
  until: Instant | null;
  /** Whether a full refresh is in progress. */
  isRefresh: boolean;
  /** The emitted events that the next read finds again because of the overlap. */
  memory: ContentMemory;
}

/** Reads a state: ours, or source-hubspot's `{<cursor field>: <instant>}`. */
export function parseWindowState(
  given: JsonObject | null,
  { name, cursor }: WindowResource,
  portalId: number | null,
): WindowState {
  const own = ownState(given, name, VERSION, portalId);
  const publicCursor = cursorTime(given?.[cursor]);
  return {
    emittedAt: stateValue.time(own?.emittedAt),
    until: own ? stateValue.instant(own.until) : Number.isFinite(publicCursor) ? instantOf(publicCursor) : null,
    isRefresh: own?.pass === 'refresh',
    memory: (own && ContentMemory.parse(own.seen, own.many)) ?? new ContentMemory(),
  };
}

/** Where a read begins. */
function startOf(resource: WindowResource, { client, config }: PortalFacts, until: Instant | null): Instant {
  const overlap = Math.max(resource.overlapMinutes, config.lookbackMinutes);
  const start = until === null ? (config.startDate ?? BEGINNING) : notBefore(earlier(until, overlap), config.startDate);
  if (resource.keptDays === null) return start;
  const now = instantOf(client.clock.now());
  return notBefore(start, earlier(now, resource.keptDays * MINUTES_A_DAY));
}

class WindowRead {
  readonly #resource: WindowResource;
  readonly #portal: PortalFacts;
  readonly #isRefresh: boolean;
  readonly #state: WindowState;
  readonly #output: StreamOutput;
  #calls = 0;

  constructor({ resource, portal }: ByWindow, run: StreamRun) {
    this.#resource = resource;
    this.#portal = portal;
    this.#isRefresh = run.mode === 'full_refresh';
    this.#state = parseWindowState(run.state, resource, portal.id);
    this.#output = new StreamOutput(run.sink, resource.name, portal.client.clock, this.#state.emittedAt);
  }

  async read(): Promise<number> {
    const state = this.#state;
    if (this.#isRefresh && !state.isRefresh) {
      state.until = null;
      state.memory = new ContentMemory();
    }
    const end = instantOf(this.#portal.client.clock.now());
    let from = startOf(this.#resource, this.#portal, state.until);
    let days = this.#resource.sliceDays;
    while (timeOf(from) < timeOf(end)) {
      const windowEnd = later(from, days * MINUTES_A_DAY);
      const to = timeOf(windowEnd) < timeOf(end) ? windowEnd : end;
      const pages = await this.#readWindow(from, to);
      if (pages === 1) days *= 2;
      else if (pages > MANY_PAGES) days = Math.max(this.#resource.sliceDays, days / 2);
      state.until = to;
      this.#forgetBefore(to);
      if (to !== end) await this.#save(false);
      from = to;
    }
    await this.#save(this.#isRefresh);
    return this.#calls;
  }

  /** @returns the number of pages */
  async #readWindow(from: Instant, to: Instant): Promise<number> {
    const before = this.#calls;
    const endpoint = withQuery(this.#resource.endpoint, this.#resource.window(from, to));
    for await (const { items } of pagesOf(this.#portal.client, endpoint)) {
      this.#calls += 1;
      await this.#emit(items);
    }
    return this.#calls - before;
  }

  /** Needs no write-ahead state: an event that is emitted twice is the same row. */
  async #emit(items: readonly Item[]): Promise<void> {
    const { key, cursor } = this.#resource;
    const events = items.map((item) => recordOf(this.#resource, item)).filter((data) => !this.#isKnown(data));
    this.#output.stamp();
    await this.#output.records(events.map((data) => ({ data: jsonText(data), changes: null })));
    for (const data of events) this.#state.memory.remember(String(data[key]), hashOf(data), data[cursor] ?? null);
  }

  #isKnown(data: JsonObject): boolean {
    return this.#state.memory.isUnchanged(String(data[this.#resource.key]), hashOf(data));
  }

  /** Events before the overlap are not read again. */
  #forgetBefore(to: Instant): void {
    const start = timeOf(startOf(this.#resource, this.#portal, to));
    this.#state.memory.keep((cursor: JsonValue) => cursorTime(cursor) >= start);
  }

  async #save(isComplete: boolean): Promise<void> {
    const { until, memory } = this.#state;
    this.#output.stamp();
    await this.#output.state({
      ...(until === null ? {} : publicCursor(this.#resource, startOf(this.#resource, this.#portal, until))),
      ...(isComplete ? { [REFRESH_COMPLETE]: true } : {}),
      hubflake: {
        version: VERSION,
        portal: this.#portal.id,
        emittedAt: this.#output.emittedAt,
        until,
        ...(this.#isRefresh && !isComplete ? { pass: 'refresh' } : {}),
        ...memory.toJson(),
      },
    });
  }
}

function hashOf(data: JsonObject): string {
  return contentHash(JSON.stringify(data));
}
