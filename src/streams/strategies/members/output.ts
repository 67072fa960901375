import type { JsonObject } from '../../../protocol/messages.js';
import { type EpochMs, epochMs, instantOf } from '../../../time.js';
import { StreamOutput } from '../../core/output.js';
import type { EncodedRecord } from '../../core/sink.js';
import type { PortalFacts, StreamRun } from '../../core/stream.js';
import type { Fitted } from '../fitting.js';
import { encodeRecord, type Marks } from '../marks.js';
import { idOf, keyOf, type Resource } from '../resource.js';
import { MemberIds, type MembersState, membersStateJson } from './state.js';

/** The most members, and parts of sets, that are held until they are emitted behind a state: each state has the ids of all members. */
const MOST_HELD = { members: 50_000, parts: 5_000 };

/** A member of a set as it is emitted. */
export interface Member {
  id: string;
  /** Since when it is one. */
  at: EpochMs;
  record: Fitted;
  hash: string;
}

/** What is to be emitted of a set. */
export interface Part {
  set: string;
  members: readonly Member[];
  /** The ids of those that are gone. */
  gone: readonly string[];
  /** Notes what holds once all of it is emitted. */
  settle(): void;
}

/**
 * Emits members, many at a time, behind a state that knows of them: if the run ends in between, the next one looks for all of them. What
 * HubSpot added lately is remembered.
 */
export class MembersOutput {
  readonly #resource: Resource;
  readonly #portalId: number | null;
  readonly #marks: Marks;
  readonly #isRefresh: boolean;
  readonly #state: MembersState;
  readonly #recent: EpochMs;
  readonly #output: StreamOutput;
  #held: Part[] = [];
  #members = 0;
  #flushing: Promise<void> = Promise.resolve();

  /** @param recent members added from here on are found again by the next read, and remembered for it */
  constructor(
    { resource, portal, marks }: { resource: Resource; portal: PortalFacts; marks: Marks },
    run: StreamRun,
    state: MembersState,
    recent: EpochMs,
  ) {
    this.#recent = recent;
    this.#resource = resource;
    this.#portalId = portal.id;
    this.#marks = marks;
    this.#isRefresh = run.mode === 'full_refresh';
    this.#state = state;
    this.#output = new StreamOutput(run.sink, resource.name, portal.client.clock, state.emittedAt);
  }

  async hold(part: Part): Promise<void> {
    const held = this.#marks.deletes ? part : { ...part, gone: [] };
    this.#held.push(held);
    this.#members += held.members.length + held.gone.length;
    if (this.#members >= MOST_HELD.members || this.#held.length >= MOST_HELD.parts) await this.flush();
  }

  /** Emits what is held. */
  async flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#emit());
    await this.#flushing;
  }

  /** Emits the closing state. */
  async close(): Promise<void> {
    this.#output.stamp();
    await this.#output.state(this.#stateJson(this.#isRefresh));
  }

  async #emit(): Promise<void> {
    const held = this.#held;
    this.#held = [];
    this.#members = 0;
    const changes = held.filter(({ members, gone }) => members.length + gone.length > 0);
    this.#output.stamp();
    if (changes.length > 0) {
      for (const part of changes) this.#open(part);
      const state = this.#stateJson(false);
      await (this.#isRefresh ? this.#output.state(state) : this.#output.stateAhead(state));
      for (const part of changes) await this.#output.records(this.#recordsOf(part));
      for (const part of changes) this.#remember(part);
    }
    for (const { settle } of held) settle();
  }

  #recordsOf({ set, members, gone }: Part): EncodedRecord[] {
    const now = instantOf(this.#output.emittedAt);
    return [
      ...members.map(({ record }) => encodeRecord(record, this.#marks, null, now)),
      ...gone.map((id) => encodeRecord({ data: this.#keyOf(set, id), changes: [] }, this.#marks, now, now)),
    ];
  }

  #open({ set: id, members }: Part): void {
    const { sets } = this.#state;
    const fresh = { counters: { added: null, removed: null, size: null }, wholeAt: epochMs(0), ids: new MemberIds() };
    const set = sets.get(id) ?? { ...fresh, uncertain: [] };
    sets.set(id, { ...set, uncertain: [...set.uncertain, ...members.map((each) => each.id)], isOpen: true });
  }

  #remember({ set: id, members, gone }: Part): void {
    const { sets, memory } = this.#state;
    const set = sets.get(id);
    if (set) {
      set.ids.add(members.map((each) => each.id));
      set.uncertain = [];
    }
    for (const { at, hash, record } of members) {
      if (at >= this.#recent) memory.remember(idOf(this.#resource, record.data), hash, at);
    }
    for (const each of gone) memory.forget(idOf(this.#resource, this.#keyOf(id, each)));
  }

  #keyOf(set: string, member: string): JsonObject {
    return keyOf(this.#resource, JSON.stringify([set, member]));
  }

  #stateJson(isComplete: boolean): JsonObject {
    return membersStateJson({ ...this.#state, emittedAt: this.#output.emittedAt }, this.#portalId, isComplete);
  }
}
