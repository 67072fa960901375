import { type Item, pagesOf } from '../../../hubspot/api/endpoint.js';
import { type EpochMs, epochMs, instantOf, timeOf } from '../../../time.js';
import type { PortalFacts, StreamRun } from '../../core/stream.js';
import { forEachAtOnce } from '../at-once.js';
import { ContentMemory, contentHash, cursorTime } from '../content-memory.js';
import type { Marks } from '../marks.js';
import { newestFirst } from '../newest-first.js';
import { type Parent, readParents } from '../parents.js';
import { Records } from '../records.js';
import { Refusals } from '../refusals.js';
import { asJson, idOf } from '../resource.js';
import { resume } from '../resume.js';
import { type Member, MembersOutput } from './output.js';
import { howToRead, type MembersResource } from './resource.js';
import { type Counters, MemberIds, type MemberSet, type MembersState, parseMembersState } from './state.js';

/** Sets that are read at once. */
const CONCURRENCY = 6;

/** One read of the members of sets. */
export class MembersRead {
  readonly #resource: MembersResource;
  readonly #portal: PortalFacts;
  readonly #isRefresh: boolean;
  readonly #state: MembersState;
  readonly #output: MembersOutput;
  readonly #refusals: Refusals;
  readonly #records: Records;
  readonly #overlapMs: number;
  readonly #startedAt: EpochMs;
  #calls = 0;

  constructor(of: { resource: MembersResource; portal: PortalFacts; marks: Marks }, run: StreamRun) {
    const { resource, portal } = of;
    this.#resource = resource;
    this.#portal = portal;
    this.#isRefresh = run.mode === 'full_refresh';
    this.#state = parseMembersState(run.state, resource.name, portal.id);
    this.#refusals = new Refusals(resource.name);
    this.#records = new Records(resource);
    this.#overlapMs = Math.max(resource.overlapMinutes, portal.config.lookbackMinutes) * 60_000;
    this.#startedAt = portal.client.clock.now();
    this.#output = new MembersOutput(of, run, this.#state, epochMs(this.#startedAt - this.#overlapMs));
  }

  async read(): Promise<number> {
    const state = this.#state;
    this.#begin();
    const { parents, calls } = await readParents(this.#portal, this.#resource.parents);
    this.#calls += calls;
    const there = new Set(parents.map(({ id }) => id));
    for (const [id, set] of state.sets) {
      if (there.has(id)) continue;
      const gone = [...set.ids.values(), ...set.uncertain];
      await this.#output.hold({ set: id, members: [], gone, settle: () => void state.sets.delete(id) });
    }
    await forEachAtOnce(parents, CONCURRENCY, (parent) => this.#readSet(parent));
    this.#refusals.check();
    this.#records.warn();
    await this.#output.flush();
    state.until = instantOf(this.#startedAt);
    state.refreshAt = null;
    state.memory.keep((since) => cursorTime(since) >= this.#startedAt - this.#overlapMs);
    await this.#output.close();
    return this.#calls;
  }

  #begin(): void {
    const state = this.#state;
    if (!this.#isRefresh) state.refreshAt = null;
    else if (state.refreshAt === null) {
      state.refreshAt = instantOf(this.#startedAt);
      state.sets.clear();
      state.positions.clear();
      state.memory = new ContentMemory();
    }
  }

  async #readSet(parent: Parent): Promise<void> {
    const { sets, refreshAt } = this.#state;
    const known = sets.get(parent.id);
    // The refresh that is resumed has read it already.
    if (refreshAt !== null && known && !known.isOpen && known.wholeAt >= timeOf(refreshAt)) return;
    const counters = this.#resource.countersOf(parent.item);
    const how = howToRead(known, counters, this.#startedAt, this.#resource.relookDays);
    if (how === 'none') return;
    // Of a set that is refused the counters of the last read stay, so that what changed is not overlooked by the next one.
    await this.#refusals.attempt(async () => {
      if (how === 'newest' && known && (await this.#readNewest(parent, known, counters))) return;
      await this.#readWhole(parent, counters);
    });
  }

  /** @returns whether what was found explains the counters; if not, nothing is emitted, and all members have to be read */
  async #readNewest(parent: Parent, known: MemberSet, counters: Counters): Promise<boolean> {
    const ids = known.ids.values();
    const missing = new Set(ids);
    const members: Member[] = [];
    const endpoint = this.#resource.newestOf(parent);
    const request = { endpoint, timeOf: (item: Item) => this.#timeOf(item), since: this.#since(), start: null };
    const pages = newestFirst(this.#portal.client, request);
    let fresh = 0;
    let next = await pages.next();
    for (; !next.done; next = await pages.next()) {
      this.#calls += next.value.calls;
      for (const item of next.value.items) {
        const member = this.#memberOf(item, parent);
        if (member === null) continue;
        const isNew = !ids.has(member.id);
        if (isNew) fresh += 1;
        if (isNew || this.#isReadded(member)) members.push(member);
        missing.delete(member.id);
        ids.add(member.id);
      }
    }
    const isWhole = next.value;
    const { size } = known.counters;
    const isExplained = counters.size !== null && size !== null && counters.size - size === fresh;
    if (!isWhole && !isExplained) return false;
    const gone = isWhole ? this.#goneOf(missing) : [];
    for (const id of gone) ids.delete(id);
    const wholeAt = isWhole ? this.#startedAt : known.wholeAt;
    const settle = () => this.#settle(parent.id, { counters, wholeAt, ids: new MemberIds(ids) });
    await this.#output.hold({ set: parent.id, members, gone, settle });
    return true;
  }

  async #readWhole(parent: Parent, counters: Counters): Promise<void> {
    const { sets, positions } = this.#state;
    const before = sets.get(parent.id);
    const position = positions.get(parent.id);
    const known = before?.ids.values() ?? new Set<string>();
    const isFirst = position !== undefined || before === undefined;
    // A first read that is resumed has emitted the pages before; if members have left those since, the counters tell the next read.
    const missing = position ? new Set<string>() : new Set([...known, ...(before?.uncertain ?? [])]);
    // Empty in a first read, which emits all that it finds: the state has the ids, and long lists would be in memory
    // twice.
    const found = new Set<string>();
    const begun = position?.counters ?? counters;
    let hasBegun = false;
    const read = async (start: string | null) => {
      for await (const { items, after, calls } of pagesOf(
        this.#portal.client,
        this.#resource.membersOf(parent),
        start,
      )) {
        hasBegun = true;
        this.#calls += calls;
        const all = items.flatMap((item) => this.#memberOf(item, parent) ?? []);
        for (const { id } of all) {
          missing.delete(id);
          if (!isFirst) found.add(id);
        }
        const members = all.filter((each) => !known.has(each.id) || this.#isReadded(each));
        const settle = () => {
          if (isFirst && after !== null) positions.set(parent.id, { after, counters: begun });
        };
        await this.#output.hold({ set: parent.id, members, gone: [], settle });
      }
    };
    await resume(this.#resource.name, position?.after ?? null, read, () => hasBegun);
    const gone = this.#goneOf(missing);
    const ids = gone.length === missing.size ? found : [...found, ...missing];
    const idsNow = () => {
      if (!isFirst) return new MemberIds(ids);
      const emitted = sets.get(parent.id)?.ids ?? new MemberIds();
      // Members that the interrupted read was about to emit: they may have rows, and have left since.
      emitted.add(before?.uncertain ?? []);
      return emitted;
    };
    await this.#output.hold({
      set: parent.id,
      members: [],
      gone,
      settle: () => this.#settle(parent.id, { counters: begun, wholeAt: this.#startedAt, ids: idsNow() }),
    });
  }

  /** One of those that were passed over for want of a key may be a member that is missing: then none counts as gone. */
  #goneOf(missing: ReadonlySet<string>): string[] {
    return this.#records.haveAllKeys ? [...missing] : [];
  }

  #settle(id: string, set: Omit<MemberSet, 'uncertain' | 'isOpen'>): void {
    this.#state.sets.set(id, { ...set, uncertain: [], isOpen: false });
    this.#state.positions.delete(id);
  }

  /** Whether a known member was added again since the last read, so that its row is another. */
  #isReadded({ at, hash, record }: Member): boolean {
    const since = this.#since();
    if (since !== null && at < since) return false;
    return !this.#state.memory.isUnchanged(idOf(this.#resource, record.data), hash);
  }

  #since(): EpochMs | null {
    const { until } = this.#state;
    return until === null ? null : epochMs(timeOf(until) - this.#overlapMs);
  }

  #timeOf(item: Item): EpochMs {
    return cursorTime(asJson(item[this.#resource.since]));
  }

  #memberOf(item: Item, { members }: Parent): Member | null {
    const record = this.#records.of({ ...item, ...members });
    if (record === null) return null;
    const { data } = record;
    const [, key] = this.#resource.key;
    return { id: String(data[key]), at: this.#timeOf(item), record, hash: contentHash(JSON.stringify(data)) };
  }
}
