import { StateError } from '../../../errors.js';
import type { JsonObject, JsonValue } from '../../../protocol/messages.js';
import { type EpochMs, epochMs, type Instant, instantOf } from '../../../time.js';
import { sourceHubspotCursor } from '../../core/source-hubspot-state.js';
import { BEGINNING, checkVersion, REFRESH_COMPLETE, stateValue } from '../../core/stream-state.js';
import { parseSweep, type SweepPosition } from '../sweep/sweep-position.js';
import { type ArchiveState, NO_ARCHIVE, parseArchive } from './archive-memory.js';
import { type Fingerprint, parseFingerprint } from './fingerprint.js';

/** The version of the states below. States of later versions are rejected. */
const VERSION = 1;

// What is written to a state is declared as a type, not as an interface: only types are assignable to JsonObject.

/** A first load in progress, which reads HubSpot's list page by page. */
export type LoadPosition = {
  /** HubSpot's time when the load began. Later changes are read again by the pass that follows the load. */
  startedAt: Instant;
  /** The list's cursor of the next page; null: the first. A single chain that resumes here misses nothing. */
  after: string | null;
  /** Merges before this instant are not emitted; null: all are. */
  mergesSince: Instant | null;
  /** The number of records listed so far. Missing in states of earlier versions. */
  listed?: number;
  /** HubSpot's total, once it was requested; 0: irrelevant from here on. */
  total?: number;
  /** The remaining parts of a list that is read by several chains. The first chain of all continues at `after`. */
  chains?: ChainPosition[];
};

/** A part of a list, read page by page: from `after` up to, but excluding, the id `before`. */
export type ChainPosition = {
  /** HubSpot's cursor of the next page, which is the id of the last record read, or that id plus one. */
  after: string | null;
  /** The record that the next chain began with; null: the end of the list. */
  before: string | null;
  isFirst?: boolean;
};

/** A part of a pass: ids greater than `after`, up to and including `upTo`. */
export type RangePosition = {
  after: string;
  upTo: string | null;
};

/** A pass in progress: searches for everything modified since an instant, by ascending id. */
export type PassPosition = {
  /** null: everything. */
  since: Instant | null;
  /** HubSpot's time when the pass began; the cursor once it is complete. */
  startedAt: Instant;
  /** Merges before this instant are not emitted; null: all are. */
  mergesSince: Instant | null;
  /** The remaining ranges. Empty: the pass is complete. */
  ranges: RangePosition[];
  /** HubSpot counted records that it did not return, and they could not be identified: the next pass repeats this one. */
  isUnsettled?: boolean;
  /** For a stream with filters, once the ranges are read: the id up to which records that left the filters were searched for. */
  leftUpTo?: string;
  /** The reload is due to changed filters: records that no longer match are reported. */
  tellsLeft?: boolean;
  /** It reaches back from the last pass only, and not by the whole lookback from the last one that did. */
  isRecent?: boolean;
};

/** The values of some properties still have to be read, from the records that have one, by ascending id. */
export type BackfillPosition = {
  names: string[];
  after: string;
};

/** The range of a pass that is not divided. */
export const EVERY_ID: RangePosition = { after: '0', upTo: null };

/** Everything that a read of CRM records resumes from. */
export interface ObjectState {
  /** The cursor at the top level of the state, from which source-hubspot could resume without loss. */
  publicCursor: string;
  /** HubSpot's time when the last complete pass over the whole lookback began; null: there was none. */
  cursor: Instant | null;
  /** HubSpot's time when the last complete pass of a service began that reached back less far; null: there was none since `cursor`. */
  recent: Instant | null;
  /** The latest emission time so far; it never decreases. */
  emittedAt: EpochMs;
  portal: number | null;
  fingerprint: Fingerprint | null;
  /** Whether the load or pass in progress belongs to a full refresh; an increment does not resume it. */
  refresh: boolean;
  load: LoadPosition | null;
  pass: PassPosition | null;
  /** Named `fill` in states. */
  backfill: BackfillPosition | null;
  archive: ArchiveState;
  /** Ids merged away, each with its last survivor: packed, or an object in earlier states. */
  merges: JsonValue;
  /** What was emitted of the records that the next increment finds again; only in closing states. See {@link SentMemory}. */
  sent: JsonObject | null;
  /** HubSpot's time when the last complete sweep began, or the first load, which is one; null: not known. */
  sweptAt: Instant | null;
  /** A sweep in progress. Increments go on meanwhile. */
  sweep: SweepPosition | null;
  /** What sweeps remember where no warehouse can tell. See {@link ContentRuns}. */
  swept: JsonObject | null;
  /** Tells the states of one reading and of what it was resumed from: streams whose states have the same are read together. */
  lineage: string | null;
  /** The number of the state within its lineage. Of several streams, the one with the lowest is the furthest behind. */
  step: number;
}

/** Whether a load or a pass was interrupted. */
export function isUnderWay({ load, pass }: ObjectState): boolean {
  return load !== null || pass !== null;
}

/** Whether nothing was read yet. */
export function isFresh(state: ObjectState): boolean {
  return state.cursor === null && !isUnderWay(state);
}

/** The state of a stream that was never read. @param updatedAfter the start date */
function emptyState(updatedAfter: Instant | null): ObjectState {
  return {
    publicCursor: updatedAfter ?? BEGINNING,
    cursor: null,
    recent: null,
    emittedAt: epochMs(0),
    portal: null,
    fingerprint: null,
    refresh: false,
    load: null,
    pass: null,
    backfill: null,
    archive: { ...NO_ARCHIVE },
    merges: '',
    sent: null,
    sweptAt: null,
    sweep: null,
    swept: null,
    lineage: null,
    step: 0,
  };
}

/**
 * Reads a stream's state: ours, or source-hubspot's in any of its shapes. Throws a StateError for anything else, and for a state of
 * a later version.
 */
export function parseObjectState(
  given: JsonObject | null,
  stream: string,
  cursorField: string,
  updatedAfter: Instant | null,
): ObjectState {
  const state = emptyState(updatedAfter);
  if (given === null || Object.keys(given).length === 0) return state;
  if (given.hubflake !== undefined) {
    return parseOwn(stateValue.object(given.hubflake) ?? {}, given[cursorField], stream, state);
  }
  const time = sourceHubspotCursor(given);
  if (time === null || (time === undefined && given[REFRESH_COMPLETE] === true)) return state;
  if (time === undefined) {
    throw new StateError(
      `The state of "${stream}" cannot be read: ${JSON.stringify(given).slice(0, 120)}. Give one that hubflake or source-hubspot ` +
        'wrote, or leave it out to load the stream from scratch.',
    );
  }
  state.cursor = instantOf(time);
  state.publicCursor = state.cursor;
  return state;
}

function parseOwn(
  own: JsonObject,
  publicCursor: JsonValue | undefined,
  stream: string,
  { publicCursor: initialCursor }: ObjectState,
): ObjectState {
  checkVersion(stream, own.version, VERSION);
  return {
    publicCursor: asInstant(stateValue.text(publicCursor)) ?? initialCursor,
    cursor: stateValue.instant(own.cursor),
    recent: stateValue.instant(own.recent),
    emittedAt: stateValue.time(own.emittedAt),
    portal: stateValue.number(own.portal),
    fingerprint: parseFingerprint(own.fingerprint),
    refresh: own.refresh === true,
    load: parseLoad(own.load),
    pass: parsePass(own.pass),
    backfill: parseBackfill(own.fill),
    archive: parseArchive(own.archive),
    merges: own.merges ?? '',
    sent: stateValue.object(own.sent),
    sweptAt: stateValue.instant(own.sweptAt),
    sweep: parseSweep(own.sweep),
    swept: stateValue.object(own.swept),
    lineage: stateValue.text(own.lineage),
    step: stateValue.number(own.step) ?? 0,
  };
}

/** A history of contacts has it in milliseconds, as source-hubspot does. */
function asInstant(cursor: string | null): string | null {
  return cursor !== null && /^\d+$/.test(cursor) ? instantOf(epochMs(Number(cursor))) : cursor;
}

function parseLoad(value: JsonValue | undefined): LoadPosition | null {
  const load = stateValue.object(value);
  const startedAt = stateValue.instant(load?.startedAt);
  if (load === null || startedAt === null) return null;
  const { listed, total, chains } = load;
  return {
    startedAt,
    after: stateValue.text(load.after),
    mergesSince: stateValue.instant(load.mergesSince),
    ...(typeof listed === 'number' ? { listed } : {}),
    ...(typeof total === 'number' ? { total } : {}),
    ...(Array.isArray(chains) ? { chains: chains.map(parseChain) } : {}),
  };
}

function parseChain(value: JsonValue): ChainPosition {
  const chain = stateValue.object(value) ?? {};
  return {
    after: stateValue.text(chain.after),
    before: stateValue.text(chain.before),
    ...(chain.isFirst === true ? { isFirst: true } : {}),
  };
}

function parsePass(value: JsonValue | undefined): PassPosition | null {
  const pass = stateValue.object(value);
  const startedAt = stateValue.instant(pass?.startedAt);
  if (pass === null || startedAt === null) return null;
  const leftUpTo = stateValue.text(pass.leftUpTo);
  return {
    since: stateValue.instant(pass.since),
    startedAt,
    mergesSince: stateValue.instant(pass.mergesSince),
    ranges: stateValue.list(pass.ranges).map(parseRange),
    ...(pass.isUnsettled === true ? { isUnsettled: true } : {}),
    ...(leftUpTo === null ? {} : { leftUpTo }),
    ...(pass.tellsLeft === true ? { tellsLeft: true } : {}),
    ...(pass.isRecent === true ? { isRecent: true } : {}),
  };
}

function parseRange(value: JsonValue): RangePosition {
  const range = stateValue.object(value) ?? {};
  return { after: stateValue.text(range.after) ?? EVERY_ID.after, upTo: stateValue.text(range.upTo) };
}

function parseBackfill(value: JsonValue | undefined): BackfillPosition | null {
  const backfill = stateValue.object(value);
  if (backfill === null) return null;
  return {
    names: stateValue.list(backfill.names).map(String),
    after: stateValue.text(backfill.after) ?? EVERY_ID.after,
  };
}

/**
 * The state as it is emitted: source-hubspot's members, and ours.
 *
 * @param memory what an output remembers besides
 */
export function objectStateJson(
  state: ObjectState,
  publicState: JsonObject,
  refreshComplete: boolean,
  memory: JsonObject | undefined,
): JsonObject {
  const {
    publicCursor: _,
    recent,
    backfill,
    archive,
    merges,
    fingerprint,
    sent,
    sweptAt,
    sweep,
    swept,
    ...own
  } = state;
  return {
    ...publicState,
    ...(refreshComplete ? { [REFRESH_COMPLETE]: true } : {}),
    hubflake: {
      version: VERSION,
      ...own,
      ...(recent ? { recent } : {}),
      fill: backfill,
      archive,
      merges,
      fingerprint,
      ...(sent ? { sent } : {}),
      ...(sweptAt ? { sweptAt } : {}),
      ...(sweep ? { sweep } : {}),
      ...(swept ? { swept } : {}),
      ...(memory ? { memory } : {}),
    },
  };
}
