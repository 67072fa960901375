import { type Item, pagesOf } from '../../../hubspot/api/endpoint.js';
import { log } from '../../../log.js';
import type { JsonObject, JsonValue } from '../../../protocol/messages.js';
import { type Instant, instantOf } from '../../../time.js';
import { StreamOutput } from '../../core/output.js';
import type { EncodedRecord } from '../../core/sink.js';
import type { PortalFacts, StreamRun } from '../../core/stream.js';
import { REFRESH_COMPLETE } from '../../core/stream-state.js';
import { INTEGER } from '../../layouts/property-schema.js';
import { ContentMemory, contentHash, cursorTime, MOST_REMEMBERED } from '../content-memory.js';
import type { Fitted } from '../fitting.js';
import { encodeRecord, type Marks } from '../marks.js';
import { type Partition, type Partitions, readPartitions } from '../partitions.js';
import { Records } from '../records.js';
import { idOf, keyOf, MILLISECONDS, partitionOf } from '../resource.js';
import { resume } from '../resume.js';
import { isKnown, isLeftOut, partitionsOf, type WholeResource } from './resource.js';
import { parseState, VERSION, type WholeState } from './state.js';

/** The most items buffered before they are emitted after a state, by number and by the length of their JSON. */
const MOST_BUFFERED = { items: 5_000, characters: 8_000_000 };
/** The most partitions that are read until a state names them. */
const MOST_SETTLED = 500;

/** One read of a collection that is read whole. */
export class WholeRead {
  readonly #isRefresh: boolean;
  readonly #state: WholeState;
  /** Whether every item counts as new: the state is missing, or source-hubspot's. */
  readonly #takesAll: boolean;
  readonly #memory: ContentMemory;
  readonly #output: StreamOutput;
  readonly #records: Records;
  /** Items to emit. */
  #buffer: { id: string; record: Fitted; hash: string }[] = [];
  #bufferedCharacters = 0;
  /** Partitions that were read, and whose items are emitted with the buffer. */
  #settled: Partition[] = [];
  /** By id, the items that are gone, as far as HubSpot still lists them. */
  readonly #goneItems = new Map<string, Fitted>();
  #latest: JsonValue | undefined;
  #calls = 0;

  constructor(
    readonly resource: WholeResource,
    readonly portal: PortalFacts,
    readonly marks: Marks,
    run: StreamRun,
  ) {
    this.#isRefresh = run.mode === 'full_refresh';
    this.#state = parseState(run.state, resource, portal.id);
    const isResumed = this.#isRefresh && this.#state.isRefresh;
    if (this.#isRefresh && !isResumed) this.#state.partitions.clear();
    this.#memory = (!this.#isRefresh || isResumed ? this.#state.memory : null) ?? new ContentMemory();
    this.#output = new StreamOutput(run.sink, resource.name, portal.client.clock, this.#state.emittedAt);
    this.#records = new Records(resource);
    this.#latest = this.#state.latest;
    // Airbyte's acceptance tests want that a state of the future reads nothing.
    const isOfFuture = cursorTime(this.#state.latest) > portal.client.clock.now();
    this.#takesAll = this.#state.isForeign && !isOfFuture;
  }

  async read(): Promise<number> {
    const position = this.#isRefresh ? this.#state.after : null;
    const hasBegun = () => this.#calls > 0;
    const partitions = await partitionsOf(this.resource, this.portal);
    if (partitions) await this.#readPartitions(partitions);
    else await resume(this.resource.name, position, (after) => this.#readFrom(after), hasBegun);
    await this.#emitBuffer(null);
    if (!this.#isRefresh && this.#records.haveAllKeys) await this.#emitGone();
    this.#records.warn();
    this.#output.stamp();
    if (this.#memory.isFull) {
      log.info(
        `${this.resource.name} has more than ${MOST_REMEMBERED.toLocaleString('en')} items, too many to remember: ` +
          `${this.#withoutMemory()}, and those that are gone are not noticed.`,
      );
    }
    await this.#output.state(this.#stateJson(this.#latest, { isComplete: this.#isRefresh }));
    return this.#calls;
  }

  /** What is remembered of partitions that cannot be read now, or need not be, is taken for unchanged. */
  async #readPartitions(found: Partitions): Promise<void> {
    const { all, calls, isGone: isPartitionGone } = found;
    const { resource, portal } = this;
    this.#calls += calls;
    const known = this.#state.partitions;
    // A refresh that is resumed has emitted those that its state names.
    const due = all.filter((each) => (this.#isRefresh ? !known.has(each.id) : !isKnown(each, known)));
    const complete = new Set<string>();
    const refused: Partition[] = [];
    for await (const read of readPartitions(portal.client, resource.name, found, due)) {
      const { partitions, items, isComplete } = read;
      this.#calls += read.calls;
      for (const item of items) this.#takeAll(item);
      if (isComplete) {
        for (const { id } of partitions) complete.add(id);
        this.#settled.push(...partitions);
      } else refused.push(...partitions);
      if (this.#isFull || this.#settled.length >= MOST_SETTLED) await this.#emitBuffer(null);
    }
    // Where partitions share items, each that was read before may have what is missing.
    const isAllThere = all.every(({ id }) => complete.has(id) || !known.has(id));
    const isGone = (id: string) => {
      const partition = partitionOf(resource, id);
      return this.#isShared ? isAllThere : complete.has(partition) || isPartitionGone(partition);
    };
    for (const id of this.#memory.gone()) if (!isGone(id)) this.#memory.markPresent(id);
    const there = new Set(all.map(({ id }) => id));
    for (const id of known.keys()) if (!there.has(id)) known.delete(id);
    // One that is refused again the next time is taken to have nothing.
    if (this.#isShared) for (const { id } of refused) known.delete(id);
  }

  /** Whether several partitions may have the same item. */
  get #isShared(): boolean {
    return this.resource.partitions !== undefined && this.resource.partitionFields === 0;
  }

  get #isFull(): boolean {
    return this.#buffer.length >= MOST_BUFFERED.items || this.#bufferedCharacters >= MOST_BUFFERED.characters;
  }

  #takeAll(item: Item): void {
    for (const each of this.resource.itemsOf?.(item) ?? [item]) this.#take(each);
  }

  async #readFrom(start: string | null): Promise<void> {
    const { resource, portal } = this;
    for await (const { items, after, calls } of pagesOf(portal.client, resource.endpoint, start)) {
      this.#calls += calls;
      for (const item of items) this.#takeAll(item);
      if (this.#isFull && after !== null) await this.#emitBuffer(after);
    }
  }

  #take(item: Item): void {
    const { resource } = this;
    const record = this.#records.of(item);
    if (record === null) return;
    const { data } = record;
    const id = idOf(resource, data);
    if (resource.isLive?.(item) === false) {
      if (this.#memory.has(id)) this.#goneItems.set(id, record);
      return;
    }
    // What another partition had is emitted once; a refresh that is resumed has emitted what it remembers.
    if (this.#isShared && (this.#memory.isPresent(id) || (this.#isRefresh && this.#memory.has(id)))) return;
    this.#memory.markPresent(id);
    const cursor = this.#cursorOf(data);
    // It is not remembered, so that it comes when it is updated.
    if (isLeftOut(resource, this.portal, cursor)) return;
    const isNew = this.#isNew(cursor);
    if (cursorTime(cursor) > cursorTime(this.#latest)) this.#latest = cursor;
    const json = JSON.stringify(data);
    const hash = contentHash(json);
    if (!this.#isRefresh && (this.#state.memory ? this.#memory.isUnchanged(id, hash) : !isNew)) {
      this.#memory.remember(id, hash, cursor ?? null);
      return;
    }
    this.#buffer.push({ id, record, hash });
    this.#bufferedCharacters += json.length;
  }

  #withoutMemory(): string {
    const { cursor } = this.resource;
    return cursor === null ? 'each sync emits all of them' : `which items are new is decided by ${cursor} alone`;
  }

  #cursorOf(data: JsonObject): JsonValue | undefined {
    const { cursor } = this.resource;
    return cursor === null ? undefined : data[cursor];
  }

  /** By the update time, if nothing is remembered since there are too many items. */
  #isNew(cursor: JsonValue | undefined): boolean {
    return this.#takesAll || this.#state.latest === undefined || cursorTime(cursor) >= cursorTime(this.#state.latest);
  }

  /** @param after where a refresh that is interrupted from here on resumes; null: it is at its end */
  async #emitBuffer(after: string | null): Promise<void> {
    const { marks } = this;
    const held = this.#buffer;
    this.#buffer = [];
    this.#bufferedCharacters = 0;
    if (held.length > 0) {
      this.#output.stamp();
      if (!this.#isRefresh) {
        for (const { id, record } of held) this.#memory.markUncertain(id, this.#cursorOf(record.data));
        await this.#output.stateAhead(this.#stateJson(this.#state.latest));
      }
      const now = instantOf(this.#output.emittedAt);
      await this.#output.records(held.map(({ record }) => encodeRecord(record, marks, null, now)));
      for (const { id, hash, record } of held) this.#memory.remember(id, hash, this.#cursorOf(record.data) ?? null);
    }
    for (const { id, fingerprint } of this.#settled) this.#state.partitions.set(id, fingerprint ?? '');
    this.#settled = [];
    const isResumable = after !== null || this.resource.partitions !== undefined;
    if (this.#isRefresh && isResumable) await this.#output.state(this.#stateJson(this.#state.latest, { after }));
  }

  /** Emits the tombstones of items that are gone, with the values that HubSpot still has of them. */
  async #emitGone(): Promise<void> {
    const gone = this.marks.deletes && this.#state.memory ? this.#memory.gone() : [];
    if (gone.length > 0) {
      await this.#readArchived(new Set(gone));
      this.#output.stamp();
      const archivedAt = instantOf(this.#output.emittedAt);
      const tombstones = gone.map((id) => this.#tombstone(id, archivedAt));
      for (const id of gone) this.#memory.markUncertain(id);
      await this.#output.stateAhead(this.#stateJson(this.#state.latest));
      await this.#output.records(tombstones);
    }
    for (const id of this.#memory.gone()) this.#memory.forget(id);
  }

  async #readArchived(gone: ReadonlySet<string>): Promise<void> {
    const { resource, portal } = this;
    if (!resource.archived) return;
    for await (const { items, calls } of pagesOf(portal.client, resource.archived)) {
      this.#calls += calls;
      for (const item of items) {
        const record = this.#records.of(item);
        if (record === null) continue;
        const id = idOf(resource, record.data);
        if (gone.has(id)) this.#goneItems.set(id, record);
      }
    }
  }

  /**
   * Its cursor is at least the last emitted one, since a tombstone older than its row would be ignored. If that is unknown, the latest
   * cursor of all items is used.
   */
  #tombstone(id: string, archivedAt: Instant): EncodedRecord {
    const { resource, marks } = this;
    const least = this.#memory.cursorOf(id) ?? this.#latest ?? archivedAt;
    // Of Fivetran's rows all but the mark stays as it was.
    const known = resource.fivetran === undefined ? this.#goneItems.get(id) : undefined;
    const data: JsonObject = { ...(known?.data ?? keyOf(resource, id)) };
    const { cursor, schema } = resource;
    if (cursor !== null && cursorTime(data[cursor]) < cursorTime(least)) {
      data[cursor] = schema[cursor] === INTEGER || schema[cursor] === MILLISECONDS ? cursorTime(least) : least;
    }
    return encodeRecord({ data, changes: known?.changes ?? [] }, marks, archivedAt, archivedAt);
  }

  #stateJson(
    latest: JsonValue | undefined,
    { isComplete = false, after = null }: { isComplete?: boolean; after?: string | null } = {},
  ): JsonObject {
    return {
      ...(latest === undefined || this.resource.cursor === null ? {} : { [this.resource.cursor]: latest }),
      ...(isComplete ? { [REFRESH_COMPLETE]: true } : {}),
      hubflake: {
        version: VERSION,
        portal: this.portal.id,
        emittedAt: this.#output.emittedAt,
        ...(this.#isRefresh && !isComplete ? { load: { after } } : {}),
        ...(this.#state.partitions.size === 0 ? {} : { partitions: Object.fromEntries(this.#state.partitions) }),
        ...this.#memory.toJson(),
      },
    };
  }
}
