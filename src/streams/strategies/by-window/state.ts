import type { JsonObject, JsonValue } from '../../../protocol/messages.js';
import { type EpochMs, earlier, epochMs, type Instant, instantOf, notBefore, timeOf } from '../../../time.js';
import type { PortalFacts } from '../../core/stream.js';
import { BEGINNING, ownState, REFRESH_COMPLETE, stateValue } from '../../core/stream-state.js';
import { ContentMemory, cursorTime } from '../content-memory.js';
import { publicCursor } from '../resource.js';
import type { WindowResource } from './resource.js';
import type { Span } from './windows.js';

const VERSION = 1;
const MINUTES_A_DAY = 24 * 60;

const BEFORE_ALL = epochMs(Number.NEGATIVE_INFINITY);

/** The partition of a stream that has no others. */
export const ONLY = '';

/** How far a partition is read. */
export interface Progress {
  /** All events before this instant were read; null: none were. */
  until: Instant | null;
  /** What was read beyond it. */
  done: readonly Span[];
  /**
   * When the last read began: events of shortly before may come late. null, as in states of earlier versions: at
   * `until`.
   */
  readAt: Instant | null;
}

/** What a stream of events resumes from. */
export interface WindowState {
  emittedAt: EpochMs;
  /** By partition. */
  progress: Map<string, Progress>;
  /** How far partitions are read that have no progress of their own. */
  others: Progress;
  /** Whether a full refresh is in progress. */
  isRefresh: boolean;
  /** The emitted events that the next read finds again because of the overlap. */
  memory: ContentMemory;
}

export const UNREAD: Progress = { until: null, done: [], readAt: null };

/** Reads a state: ours, or source-hubspot's `{<cursor field>: <instant>}`. */
export function parseWindowState(
  given: JsonObject | null,
  { name, cursor }: Pick<WindowResource, 'name' | 'cursor'>,
  portalId: number | null,
): WindowState {
  const own = ownState(given, name, VERSION, portalId);
  const takenOver = cursorTime(given?.[cursor]);
  const others = Number.isFinite(takenOver) ? { ...UNREAD, until: instantOf(takenOver) } : UNREAD;
  return {
    emittedAt: stateValue.time(own?.emittedAt),
    progress: own ? parsePartitions(own) : new Map(),
    others: own ? UNREAD : others,
    isRefresh: own?.pass === 'refresh',
    memory: (own && ContentMemory.parse(own.seen, own.many)) ?? new ContentMemory(),
  };
}

function parsePartitions(own: JsonObject): Map<string, Progress> {
  const partitions = stateValue.object(own.partitions) ?? { [ONLY]: own };
  return new Map(Object.entries(partitions).map(([id, each]) => [id, parseProgress(each ?? null)]));
}

function parseProgress(value: JsonValue): Progress {
  const { until, done, readAt } = stateValue.object(value) ?? {};
  return {
    until: stateValue.instant(until),
    done: stateValue.list(done).flatMap((each) => parseSpan(stateValue.list(each))),
    readAt: stateValue.instant(readAt),
  };
}

function parseSpan([from, to]: readonly JsonValue[]): readonly Span[] {
  const [start, end] = [stateValue.instant(from), stateValue.instant(to)];
  return start !== null && end !== null ? [{ from: timeOf(start), to: timeOf(end) }] : [];
}

/** The state as it is emitted. */
export function windowStateJson(
  { emittedAt, progress, isRefresh, memory }: WindowState,
  resource: WindowResource,
  portal: PortalFacts,
  isComplete: boolean,
): JsonObject {
  const byPartition = Object.fromEntries([...progress].map(([id, each]) => [id, progressJson(each)]));
  return {
    ...commonCursor([...progress.values()], resource, portal),
    ...(isComplete ? { [REFRESH_COMPLETE]: true } : {}),
    hubflake: {
      version: VERSION,
      portal: portal.id,
      emittedAt,
      ...(resource.partitions ? { partitions: byPartition } : progressJson(progress.get(ONLY) ?? UNREAD)),
      ...(isRefresh && !isComplete ? { pass: 'refresh' } : {}),
      ...memory.toJson(),
    },
  };
}

/** The cursor from which source-hubspot goes on; none where something was not read at all. */
function commonCursor(all: readonly Progress[], resource: WindowResource, portal: PortalFacts): JsonObject {
  if (all.length === 0 || all.some(({ until }) => until === null)) return {};
  return publicCursor(resource, all.map((each) => startOf(each, resource, portal)).reduce(earliest));
}

function progressJson({ until, done, readAt }: Progress): JsonObject {
  const spans = done.map(({ from, to }) => [instantOf(from), instantOf(to)]);
  return { until, ...(readAt === null ? {} : { readAt }), ...(spans.length === 0 ? {} : { done: spans }) };
}

type WindowBounds = Pick<WindowResource, 'overlapMinutes' | 'keptDays'>;

/** The instant from which events may still come late, after a read that began at `readAt`. */
export function settledAt(readAt: Instant, { overlapMinutes }: WindowBounds, { config }: PortalFacts): Instant {
  return earlier(readAt, Math.max(overlapMinutes, config.lookbackMinutes));
}

/** What several streams have read of one collection, where all of their last reads ended at the same instant. */
export function commonProgress([first, ...others]: readonly [Progress, ...Progress[]]): Progress {
  return others.reduce((all, each) => {
    if (all.until === null || each.until === null) return UNREAD;
    const [until, ...done] = readOf(all).flatMap((one) => readOf(each).flatMap((other) => within(one, other)));
    return until ? { until: instantOf(until.to), done, readAt: all.readAt } : UNREAD;
  }, first);
}

/** What was read, as spans in order, the first of which begins before everything. */
function readOf({ until, done }: Progress): readonly Span[] {
  return until === null ? [] : [{ from: BEFORE_ALL, to: timeOf(until) }, ...done];
}

/** The part of one span that lies within another; empty: there is none. */
function within(one: Span, other: Span): readonly Span[] {
  const part = { from: epochMs(Math.max(one.from, other.from)), to: epochMs(Math.min(one.to, other.to)) };
  return part.from < part.to ? [part] : [];
}

/** The spans that the next read would leave out if the stream were read alone. */
export function knownOf(progress: Progress, bounds: WindowBounds, portal: PortalFacts): readonly Span[] {
  const before = { from: BEFORE_ALL, to: timeOf(startOf(progress, bounds, portal)) };
  return progress.until === null ? [] : [before, ...settledParts(progress, bounds, portal)];
}

/** Where a read begins. */
export function startOf({ until, readAt }: Progress, bounds: WindowBounds, portal: PortalFacts): Instant {
  const { client, config } = portal;
  const start = until === null ? BEGINNING : earliest(until, settledAt(readAt ?? until, bounds, portal));
  const configured = until === null ? (config.startDate ?? start) : notBefore(start, config.startDate);
  if (bounds.keptDays === null) return configured;
  return notBefore(configured, earlier(instantOf(client.clock.now()), bounds.keptDays * MINUTES_A_DAY));
}

/** What a read need not read again, of what the one before has. */
export function settledParts({ done, readAt }: Progress, bounds: WindowBounds, portal: PortalFacts): readonly Span[] {
  if (readAt === null) return [];
  const settled = timeOf(settledAt(readAt, bounds, portal));
  return done.map(({ from, to }) => ({ from, to: to < settled ? to : settled })).filter(({ from, to }) => from < to);
}

function earliest(a: Instant, b: Instant): Instant {
  return timeOf(a) < timeOf(b) ? a : b;
}
