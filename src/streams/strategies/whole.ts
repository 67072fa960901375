import { type Endpoint, type Item, itemsPerCall, pagesOf } from '../../hubspot/api/endpoint.js';
import { isRefusal } from '../../hubspot/client/known-answers.js';
import { log } from '../../log.js';
import type { JsonObject, JsonValue } from '../../protocol/messages.js';
import { StreamOutput } from '../core/output.js';
import type { EncodedRecord } from '../core/sink.js';
import {
  catalogEntry,
  type Estimate,
  type PortalFacts,
  type Stream,
  type StreamDeclaration,
  type StreamRun,
} from '../core/stream.js';
import { ownState, REFRESH_COMPLETE, stateValue } from '../core/stream-state.js';
import { INTEGER } from '../layouts/property-schema.js';
import { ContentMemory, contentHash, cursorTime, MOST_REMEMBERED } from './content-memory.js';
import { encodeRecord, type Marks, markedSchema, marksFor, planOf, type Resource, recordOf } from './resource.js';

const VERSION = 1;
/** Items that are held before they are emitted, by number and by the length of their JSON. Each time costs a state. */
const MOST_HELD = { items: 5_000, characters: 8_000_000 };

/**
 * A collection that has no changed-since filter: it is read whole each time, and what differs from the time before is emitted.
 */
export interface WholeResource extends Resource {
  /** Where HubSpot lists items that are gone, asked only when one is missing. */
  archived?: Endpoint;
  /** Whether an item of the collection itself is there; one that is not is gone. By default all are. */
  isLive?: (item: Item) => boolean;
  /** Whether an item that is gone becomes a tombstone: by default it does. */
  hasTombstones?: boolean;
}

/** Declares a stream that is read whole. */
export function whole(resource: WholeResource): StreamDeclaration {
  return {
    name: resource.name,
    plan: (name = resource.name) =>
      planOf(
        { ...resource, subject: resource.subject ?? resource.name, name },
        (portal) => new Whole({ ...resource, name }, portal),
      ),
  };
}

class Whole implements Stream {
  readonly name: string;
  readonly entry;
  readonly #marks: Marks;

  constructor(
    readonly resource: WholeResource,
    readonly portal: PortalFacts,
  ) {
    const { name, key, cursor, hasTombstones = true } = resource;
    this.name = name;
    this.#marks = marksFor(portal, hasTombstones);
    this.entry = catalogEntry(name, markedSchema(resource, hasTombstones, this.#marks), [key], cursor);
  }

  async estimate(state: JsonObject | null): Promise<Estimate> {
    const { memory } = parseState(state, this.resource, this.portal.id);
    const perCall = itemsPerCall(this.resource.endpoint) ?? Number.POSITIVE_INFINITY;
    const pages = Math.max(1, Math.ceil((memory?.size ?? 0) / perCall));
    return {
      what: 'all of it',
      rows: null,
      calls: { burst: 0, search: 0, exempt: 0, [this.resource.endpoint.kind.budget]: pages },
    };
  }

  async read(run: StreamRun): Promise<number> {
    return new WholeRead(this.resource, this.portal, this.#marks, run).read();
  }

  readAgain(): null {
    return null;
  }
}

/**
 * | state's member | |
 * |---|---|
 * | the cursor field | the latest cursor of all items; where source-hubspot would go on from |
 * | `seen`, `many` | {@link ContentMemory}; both null or missing: nothing is remembered, and what is new is told by the cursor |
 * | `load.after` | of a full refresh under way, the next page; an increment that was interrupted is read from its first page on |
 */
interface WholeState {
  emittedAt: number;
  memory: ContentMemory | null;
  after: string | null;
  latest: JsonValue | undefined;
}

function parseState(given: JsonObject | null, { name, cursor }: Resource, portalId: number | null): WholeState {
  const own = ownState(given, name, VERSION, portalId);
  const shown = given?.[cursor];
  return {
    emittedAt: stateValue.number(own?.emittedAt) ?? 0,
    memory: own && ContentMemory.parse(own.seen, own.many),
    after: stateValue.text(stateValue.object(own?.load)?.after),
    latest: shown === '' || shown === null ? undefined : shown,
  };
}

/** One read of a collection. */
class WholeRead {
  readonly #isRefresh: boolean;
  readonly #state: WholeState;
  readonly #memory: ContentMemory;
  readonly #output: StreamOutput;
  /** What is about to be emitted. */
  #held: { id: string; data: JsonObject; hash: string }[] = [];
  #heldCharacters = 0;
  /** Items that HubSpot lists as gone, by id: of those that were there the time before. */
  readonly #goneItems = new Map<string, JsonObject>();
  #latest: JsonValue | undefined;
  #calls = 0;

  constructor(
    readonly resource: WholeResource,
    readonly portal: PortalFacts,
    readonly marks: Marks,
    readonly run: StreamRun,
  ) {
    this.#isRefresh = run.mode === 'full_refresh';
    this.#state = parseState(run.state, resource, portal.id);
    const isResumed = this.#isRefresh && this.#state.after !== null;
    this.#memory = (!this.#isRefresh || isResumed ? this.#state.memory : null) ?? new ContentMemory();
    this.#output = new StreamOutput(run.sink, resource.name, portal.client.clock, this.#state.emittedAt);
    this.#latest = this.#state.latest;
  }

  async read(): Promise<number> {
    const { state } = this.run;
    // Given to a later attempt of a job, the mark says that an earlier attempt has finished this stream.
    if (this.#isRefresh && state?.[REFRESH_COMPLETE] === true) {
      await this.#output.state(state);
      return 0;
    }
    try {
      await this.#readFrom(this.#isRefresh ? this.#state.after : null);
    } catch (error) {
      if (!this.#isRefresh || this.#state.after === null || this.#calls > 0 || !isRefusal(error, [400])) throw error;
      log.warn(`HubSpot no longer accepts where the read of ${this.resource.name} stopped; it starts anew.`);
      await this.#readFrom(null);
    }
    await this.#emitHeld(null);
    if (!this.#isRefresh) await this.#emitGone();
    this.#output.stamp();
    if (this.#memory.isFull) {
      log.info(
        `${this.resource.name} has more than ${MOST_REMEMBERED.toLocaleString('en')} items, too many to remember: items are told to be new by ` +
          `${this.resource.cursor} alone, and those that are gone are not noticed.`,
      );
    }
    await this.#output.state(this.#stateJson(this.#latest, { isComplete: this.#isRefresh }));
    return this.#calls;
  }

  async #readFrom(start: string | null): Promise<void> {
    const { resource, portal } = this;
    for await (const { items, after } of pagesOf(portal.client, resource.endpoint, start)) {
      this.#calls += 1;
      for (const item of items) this.#take(item);
      const isMuch = this.#held.length >= MOST_HELD.items || this.#heldCharacters >= MOST_HELD.characters;
      if (isMuch && after !== null) await this.#emitHeld(after);
    }
  }

  #take(item: Item): void {
    const { resource } = this;
    const data = recordOf(resource, item);
    const id = String(data[resource.key]);
    if (resource.isLive?.(item) === false) {
      if (this.#memory.has(id)) this.#goneItems.set(id, data);
      return;
    }
    this.#memory.meet(id);
    const cursor = data[resource.cursor];
    const isNew = this.#isNew(cursor);
    if (cursorTime(cursor) > cursorTime(this.#latest)) this.#latest = cursor;
    const json = JSON.stringify(data);
    const hash = contentHash(json);
    if (!this.#isRefresh && (this.#state.memory ? this.#memory.isUnchanged(id, hash) : !isNew)) {
      this.#memory.remember(id, hash, cursor ?? null);
      return;
    }
    this.#held.push({ id, data, hash });
    this.#heldCharacters += json.length;
  }

  /** Where nothing is remembered (taken over from source-hubspot, or too many items): by the time of the last update. */
  #isNew(cursor: JsonValue | undefined): boolean {
    return this.#state.latest === undefined || cursorTime(cursor) >= cursorTime(this.#state.latest);
  }

  /** @param after where a refresh that is interrupted from here on goes on; null: at its end */
  async #emitHeld(after: string | null): Promise<void> {
    const { resource, marks } = this;
    const held = this.#held;
    this.#held = [];
    this.#heldCharacters = 0;
    if (held.length > 0) {
      this.#output.stamp();
      if (!this.#isRefresh) {
        for (const { id, data } of held) this.#memory.doubt(id, data[resource.cursor]);
        await this.#output.stateAhead(this.#stateJson(this.#state.latest));
      }
      await this.#output.records(held.map(({ data }) => encodeRecord(data, marks, null)));
      for (const { id, hash, data } of held) this.#memory.remember(id, hash, data[resource.cursor] ?? null);
    }
    if (this.#isRefresh && after !== null) await this.#output.state(this.#stateJson(this.#state.latest, { after }));
  }

  /** The tombstones of what was there the time before and is not any more, with what HubSpot still has of it. */
  async #emitGone(): Promise<void> {
    const gone = this.marks.deletes && this.#state.memory ? this.#memory.gone() : [];
    if (gone.length > 0) {
      await this.#readArchived(new Set(gone));
      this.#output.stamp();
      const archivedAt = new Date(this.portal.client.clock.now()).toISOString();
      const tombstones = gone.map((id) => this.#tombstone(id, archivedAt));
      for (const id of gone) this.#memory.doubt(id);
      await this.#output.stateAhead(this.#stateJson(this.#state.latest));
      await this.#output.records(tombstones);
    }
    for (const id of this.#memory.gone()) this.#memory.forget(id);
  }

  async #readArchived(gone: ReadonlySet<string>): Promise<void> {
    const { resource, portal } = this;
    if (!resource.archived) return;
    for await (const { items } of pagesOf(portal.client, resource.archived)) {
      this.#calls += 1;
      for (const item of items) {
        const data = recordOf(resource, item);
        const id = String(data[resource.key]);
        if (gone.has(id)) this.#goneItems.set(id, data);
      }
    }
  }

  /**
   * Its cursor is no older than the one that was emitted last: a tombstone that is older than its row would be passed over. Where
   * that is not known, the latest of all items is none older.
   */
  #tombstone(id: string, archivedAt: string): EncodedRecord {
    const { resource, marks } = this;
    const least = this.#memory.cursorOf(id) ?? this.#latest ?? archivedAt;
    const data: JsonObject = { ...(this.#goneItems.get(id) ?? { [resource.key]: id }) };
    if (cursorTime(data[resource.cursor]) < cursorTime(least)) {
      data[resource.cursor] = resource.schema[resource.cursor] === INTEGER ? cursorTime(least) : least;
    }
    return encodeRecord(data, marks, archivedAt);
  }

  #stateJson(latest: JsonValue | undefined, { isComplete = false, after = null as string | null } = {}): JsonObject {
    return {
      ...(latest === undefined ? {} : { [this.resource.cursor]: latest }),
      ...(isComplete ? { [REFRESH_COMPLETE]: true } : {}),
      hubflake: {
        version: VERSION,
        portal: this.portal.id,
        emittedAt: this.#output.emittedAt,
        ...(after === null ? {} : { load: { after } }),
        ...this.#memory.toJson(),
      },
    };
  }
}
