import { asHubflakeError, type HubflakeError } from '../../../errors.js';
import type { Item } from '../../../hubspot/api/endpoint.js';
import type { JsonValue } from '../../../protocol/messages.js';
import { type EpochMs, instantOf } from '../../../time.js';
import { StreamOutput } from '../../core/output.js';
import type { PortalFacts, StreamRun } from '../../core/stream.js';
import { ContentMemory, contentHash, cursorTime } from '../content-memory.js';
import type { Fitted } from '../fitting.js';
import { encodeFitted, encodeRecord, type Marks, marksFor } from '../marks.js';
import { Records } from '../records.js';
import type { WindowResource } from './resource.js';
import type { SeenEvent } from './seen-order.js';
import { knownOf, type Progress, parseWindowState, UNREAD, type WindowState, windowStateJson } from './state.js';
import type { Span } from './windows.js';

/** A record of an event. */
export interface WindowEvent extends SeenEvent {
  /** Its time as it is remembered. */
  cursor: JsonValue;
  record: Fitted;
}

/** One stream that a reading of windows feeds: its records and its state. */
export class WindowOutput {
  readonly state: WindowState;
  readonly #portal: PortalFacts;
  readonly #marks: Marks;
  readonly #output: StreamOutput;
  readonly #records: Records;
  /** What this stream has already: it is read again for the other streams only. */
  #known: readonly Span[] = [];
  #failure: { error: unknown } | null = null;

  constructor(
    readonly resource: WindowResource,
    portal: PortalFacts,
    run: StreamRun,
  ) {
    this.#portal = portal;
    const state = parseWindowState(run.state, resource, portal.id);
    const isRefresh = run.mode === 'full_refresh';
    const isKept = !isRefresh || state.isRefresh;
    const nothing = { progress: new Map(), others: UNREAD, memory: new ContentMemory() };
    this.state = { ...state, ...(isKept ? {} : nothing), isRefresh };
    this.#marks = marksFor(portal, resource, false);
    this.#output = new StreamOutput(run.sink, resource.name, portal.client.clock, state.emittedAt);
    this.#records = new Records(resource);
  }

  /** Begins with a partition. @returns how far it was read */
  begin(partition: string): Progress {
    const { progress, others } = this.state;
    const known = progress.get(partition) ?? others;
    // Nothing is read again for others if the stream shares no source: then events need not be compared with it.
    if (this.resource.source !== undefined) this.#known = knownOf(known, this.resource, this.#portal);
    return known;
  }

  /** What its sink has failed with. */
  get failure(): HubflakeError | null {
    return this.#failure === null ? null : asHubflakeError(this.#failure.error);
  }

  /** The records of a page's events. */
  eventsOf(items: readonly Item[]): WindowEvent[] {
    const { key, cursor: field, itemsOf, seen } = this.resource;
    return items.flatMap((item) =>
      (itemsOf?.(item) ?? [item]).flatMap((each) => {
        const record = this.#records.of(each);
        if (record === null) return [];
        const cursor = seen ? seen(item).time : (record.data[field] ?? null);
        const time = cursorTime(cursor);
        // One whose time is not known may be new.
        if (Number.isFinite(time) && this.#known.some(({ from, to }) => time >= from && time < to)) return [];
        return [{ id: String(record.data[key]), time, cursor, record }];
      }),
    );
  }

  /**
   * Needs no write-ahead state: an event that is emitted twice is the same row.
   *
   * @param overlapFrom the next read finds events from this time on again, so that they are remembered
   */
  async emit(all: readonly WindowEvent[], overlapFrom: EpochMs): Promise<void> {
    const { memory } = this.state;
    const events = all.filter(({ id, record }) => !memory.has(id) || !memory.isUnchanged(id, hashOf(record)));
    this.#output.stamp();
    const now = instantOf(this.#output.emittedAt);
    const encode = (record: Fitted) =>
      this.resource.fivetran === undefined ? encodeFitted(record) : encodeRecord(record, this.#marks, null, now);
    await this.#attempt(() => this.#output.records(events.map(({ record }) => encode(record))));
    // The known ones as well, since the shorter form of a memory does not say when they happened.
    for (const { id, time, record, cursor } of all) {
      if (time >= overlapFrom) memory.remember(id, hashOf(record), cursor);
    }
  }

  /** @param first what happened before it the next read does not find again, so that it need not be remembered */
  async save(first: number, { isLast }: { isLast: boolean }): Promise<void> {
    const { state } = this;
    this.#output.stamp();
    state.emittedAt = this.#output.emittedAt;
    state.memory.keep((cursor) => (cursor === null && !isLast) || cursorTime(cursor) >= first);
    const isComplete = isLast && state.isRefresh;
    await this.#attempt(() => this.#output.state(windowStateJson(state, this.resource, this.#portal, isComplete)));
    if (isLast) this.#records.warn();
  }

  /** The others go on. */
  async #attempt(body: () => Promise<void>): Promise<void> {
    if (this.#failure) return;
    try {
      await body();
    } catch (error) {
      this.#failure = { error };
    }
  }
}

function hashOf({ data }: Fitted): string {
  return contentHash(JSON.stringify(data));
}
