import type { JsonObject, JsonValue } from '../../../protocol/messages.js';
import type { EpochMs, Instant } from '../../../time.js';
import { ownState, REFRESH_COMPLETE, stateValue } from '../../core/stream-state.js';
import { packIds, unpackIds } from '../../crm/run/packed-ids.js';
import { ContentMemory } from '../content-memory.js';

const VERSION = 1;

/** What HubSpot counts of a set, by which is seen that its members changed; null: it does not say. */
export interface Counters {
  /** When a member was last added, and removed, as HubSpot writes it. */
  added: string | null;
  removed: string | null;
  size: number | null;
}

/** The ids of a set's members, packed: an added batch is a text of its own, so that adding does not pack the others again. */
export class MemberIds {
  #batches: string[];

  constructor(ids: Iterable<string> = []) {
    const packed = packIds(ids);
    this.#batches = packed === '' ? [] : [packed];
  }

  static parse(text: string): MemberIds {
    const ids = new MemberIds();
    ids.#batches = text.split(';').filter((batch) => batch !== '');
    return ids;
  }

  add(ids: readonly string[]): void {
    const packed = packIds(ids);
    if (packed !== '') this.#batches.push(packed);
  }

  values(): Set<string> {
    return new Set(this.#batches.flatMap((batch) => unpackIds(batch)));
  }

  get text(): string {
    return this.#batches.join(';');
  }
}

/** What is known of a set. */
export interface MemberSet {
  /** As of the last read. */
  counters: Counters;
  /** When all of its members were last read, epoch ms. */
  wholeAt: EpochMs;
  /** Those whose rows were emitted. */
  ids: MemberIds;
  /** Those whose rows were about to be emitted as the state was: they may be there or not. */
  uncertain: readonly string[];
  /** Whether the next read must look at all members, whatever the counters say. */
  isOpen: boolean;
}

/** Where the first read of a set stopped: its counters as it began, and the cursor of the next page. */
export interface MembersPosition {
  counters: Counters;
  after: string;
}

/** What a stream of members resumes from. */
export interface MembersState {
  emittedAt: EpochMs;
  /** HubSpot's time when the last complete read began; null: there was none. */
  until: Instant | null;
  /** When the full refresh in progress began; null: there is none. */
  refreshAt: Instant | null;
  sets: Map<string, MemberSet>;
  positions: Map<string, MembersPosition>;
  /** The emitted members that the next read finds again because of the overlap. */
  memory: ContentMemory;
}

export function parseMembersState(given: JsonObject | null, name: string, portalId: number | null): MembersState {
  const own = ownState(given, name, VERSION, portalId);
  const position = (value: JsonValue): MembersPosition[] => {
    const [after, ...counters] = stateValue.list(value);
    return typeof after === 'string' ? [{ after, counters: countersOf(counters) }] : [];
  };
  return {
    emittedAt: stateValue.time(own?.emittedAt),
    until: stateValue.instant(own?.until),
    refreshAt: stateValue.instant(stateValue.object(own?.load)?.refreshAt),
    sets: new Map(Object.entries(stateValue.object(own?.sets) ?? {}).map(([id, value]) => [id, setOf(value)])),
    positions: new Map(
      Object.entries(stateValue.object(own?.positions) ?? {}).flatMap(([id, value]) =>
        position(value).map((each): [string, MembersPosition] => [id, each]),
      ),
    ),
    memory: (own && ContentMemory.parse(own.seen, own.many)) ?? new ContentMemory(),
  };
}

function setOf(value: JsonValue): MemberSet {
  const [ids, uncertain, wholeAt, isOpen, ...counters] = stateValue.list(value);
  return {
    ids: MemberIds.parse(stateValue.text(ids) ?? ''),
    uncertain: unpackIds(stateValue.text(uncertain) ?? ''),
    wholeAt: stateValue.time(wholeAt),
    // What is not understood is read again.
    isOpen: isOpen !== 0,
    counters: countersOf(counters),
  };
}

function countersOf([added, removed, size]: readonly JsonValue[]): Counters {
  return { added: stateValue.text(added), removed: stateValue.text(removed), size: stateValue.number(size) };
}

/** The state as it is emitted: a set in one list, since there may be many. */
export function membersStateJson(
  { emittedAt, until, refreshAt, sets, positions, memory }: MembersState,
  portalId: number | null,
  isComplete: boolean,
): JsonObject {
  const listOf = ({ added, removed, size }: Counters) => [added, removed, size];
  return {
    ...(isComplete ? { [REFRESH_COMPLETE]: true } : {}),
    hubflake: {
      version: VERSION,
      portal: portalId,
      emittedAt,
      until,
      ...(refreshAt === null ? {} : { load: { refreshAt } }),
      sets: Object.fromEntries(
        [...sets].map(([id, { ids, uncertain, wholeAt, isOpen, counters }]) => [
          id,
          [ids.text, packIds(uncertain), wholeAt, isOpen ? 1 : 0, ...listOf(counters)],
        ]),
      ),
      positions: Object.fromEntries(
        [...positions].map(([id, { after, counters }]) => [id, [after, ...listOf(counters)]]),
      ),
      ...memory.toJson(),
    },
  };
}
