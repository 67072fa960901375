import type { HubSpotClient } from '../../hubspot/client/client.js';
import { log } from '../../log.js';
import { aheadOfRecords } from '../../protocol/ahead.js';
import type { JsonObject, JsonValue, SyncMode } from '../../protocol/messages.js';
import type { EncodedRecord, RecordSink } from '../core/sink.js';
import { checkPortal, checkVersion } from '../core/state-checks.js';
import type { ReadOptions } from '../crm/run/object-run.js';
import { REFRESH_COMPLETE } from '../crm/run/object-state.js';
import { INTEGER } from '../layouts/property-schema.js';
import { contentHash, cursorTime, encodeItem, type SnapshotItem, type SnapshotStream } from './snapshot.js';

const VERSION = 1;
/** Records handed on at once. */
const BATCH = 500;
/** Items whose content is remembered; past it, a stream's items are all sent each time. */
const MOST_REMEMBERED = 20_000;
/** In the place of a hash: what was sent last is not known. No hash is equal to it. */
const UNSURE = '?';

interface SnapshotState {
  portal: number | null;
  emittedAt: number;
  /** By id, the hash of what was emitted last, and behind a blank its cursor as JSON. null: nothing is remembered. */
  seen: Record<string, string> | null;
  /** What source-hubspot would go on from. */
  shown: JsonValue | undefined;
}

/**
 * Reads a collection whole, and emits what is new, changed or gone since the state; in a full refresh, all of it.
 *
 * @returns the fewest calls in which HubSpot gives what was read
 */
export async function readSnapshot(
  client: HubSpotClient,
  stream: SnapshotStream,
  sink: RecordSink,
  options: ReadOptions,
  given: JsonObject | null,
  mode: SyncMode,
): Promise<number> {
  const state = parseState(given, stream, options.portalId);
  const isRefresh = mode === 'full_refresh';
  if (isRefresh && given?.[REFRESH_COMPLETE] === true) {
    await sink.state(stream.name, given);
    return 0;
  }
  const { items, calls } = await stream.read(client);
  const live = items.filter((item) => item.live);
  const emitted = isRefresh ? live : live.filter((item) => isNews(item, stream, state));
  const gone = isRefresh ? [] : findGone(stream, live, state);
  const lists = gone.length > 0 ? await stream.readGone?.(client) : undefined;
  const tombstones = encodeGone(stream, gone, [...items, ...(lists?.items ?? [])], state, client.clock.now());
  const records = [...emitted.map((item) => encodeItem(stream, item, null)), ...tombstones];
  state.emittedAt = Math.max(state.emittedAt, client.clock.now());
  // Killed behind a record, the next run must neither take it for what is out already, nor, where it goes away, for what never was.
  if (records.length > 0 && !isRefresh) await sink.state(stream.name, openState(stream, live, emitted, state));
  for (let start = 0; start < records.length; start += BATCH) {
    await sink.records(stream.name, records.slice(start, start + BATCH), state.emittedAt);
  }
  await sink.state(stream.name, nextState(stream, live, state, isRefresh));
  return calls + (lists?.calls ?? 0);
}

function isNews(item: SnapshotItem, stream: SnapshotStream, state: SnapshotState): boolean {
  if (state.seen) return state.seen[item.id]?.split(' ')[0] !== contentHash(item.data);
  // Taken over from source-hubspot, or too many to remember: by the time of the last update.
  return state.shown === undefined || cursorTime(item.data[stream.cursorField]) >= cursorTime(state.shown);
}

/** The ids of what was there the time before and is not any more. */
function findGone(stream: SnapshotStream, live: readonly SnapshotItem[], state: SnapshotState): string[] {
  if (!stream.marksDeletes || !state.seen) return [];
  const ids = new Set(live.map((item) => item.id));
  return Object.keys(state.seen).filter((id) => !ids.has(id));
}

/**
 * Their tombstones, with what HubSpot still has of them; of what is in no list any more, with the cursor that it had last: without one,
 * a tombstone would be older than its row, and be passed over. @param now epoch ms
 */
function encodeGone(
  stream: SnapshotStream,
  ids: readonly string[],
  items: readonly SnapshotItem[],
  state: SnapshotState,
  now: number,
): EncodedRecord[] {
  const archivedAt = new Date(now).toISOString();
  const known = new Map(items.filter((item) => !item.live).map((item) => [item.id, item]));
  return ids.map((id) => {
    const [, last] = /^\S+ (.+)$/.exec(state.seen?.[id] ?? '') ?? [];
    const cursor = last === undefined ? archivedAt : (JSON.parse(last) as JsonValue);
    const item = known.get(id);
    const data = { ...(item?.data ?? { [stream.primaryKey]: id }) };
    if (cursorTime(data[stream.cursorField]) < cursorTime(cursor)) {
      data[stream.cursorField] = stream.schema[stream.cursorField] === INTEGER ? cursorTime(cursor) : cursor;
    }
    return encodeItem(stream, { id, live: false, data }, archivedAt);
  });
}

/** The state in front of the records: it knows all items that are or were there, but not what was sent of those that go out now. */
function openState(
  stream: SnapshotStream,
  live: readonly SnapshotItem[],
  emitted: readonly SnapshotItem[],
  state: SnapshotState,
): JsonObject {
  const unsure = new Set(emitted.map((item) => item.id));
  const ids = new Set(live.map((item) => item.id));
  const cursorOf = (id: string) => state.seen?.[id]?.replace(/^\S+ /, '') ?? 'null';
  const before = Object.keys(state.seen ?? {}).filter((id) => !ids.has(id));
  const isMemorable = live.length <= MOST_REMEMBERED;
  const seen = Object.fromEntries([
    ...before.map((id) => [id, `${UNSURE} ${cursorOf(id)}`]),
    ...live.map((item) => [item.id, unsure.has(item.id) ? `${UNSURE} ${cursorOf(item.id)}` : memoryOf(item, stream)]),
  ]);
  const { shown, portal, emittedAt } = state;
  return aheadOfRecords({
    ...(shown === undefined ? {} : { [stream.cursorField]: shown }),
    hubflake: { version: VERSION, portal, emittedAt, seen: isMemorable ? seen : null },
  });
}

function nextState(
  stream: SnapshotStream,
  live: readonly SnapshotItem[],
  state: SnapshotState,
  isRefresh: boolean,
): JsonObject {
  let shown = state.shown;
  for (const item of live) {
    const value = item.data[stream.cursorField];
    if (cursorTime(value) > cursorTime(shown)) shown = value;
  }
  const remembered = live.length <= MOST_REMEMBERED;
  if (!remembered)
    log.info(`${stream.name} has ${live.length} items, too many to remember: unchanged ones are sent again.`);
  return {
    ...(shown === undefined ? {} : { [stream.cursorField]: shown }),
    ...(isRefresh ? { [REFRESH_COMPLETE]: true } : {}),
    hubflake: {
      version: VERSION,
      portal: state.portal,
      emittedAt: state.emittedAt,
      seen: remembered ? Object.fromEntries(live.map((item) => [item.id, memoryOf(item, stream)])) : null,
    },
  };
}

function memoryOf({ data }: SnapshotItem, { cursorField }: SnapshotStream): string {
  return `${contentHash(data)} ${JSON.stringify(data[cursorField] ?? null)}`;
}

function parseState(given: JsonObject | null, stream: SnapshotStream, portalId: number | null): SnapshotState {
  const shown = given?.[stream.cursorField];
  const fresh = {
    portal: portalId,
    emittedAt: 0,
    seen: null,
    shown: shown === '' || shown === null ? undefined : shown,
  };
  const own = given?.hubflake as (Partial<SnapshotState> & { version?: number }) | undefined;
  if (own === undefined) return fresh;
  checkVersion(stream.name, own.version, VERSION);
  checkPortal(stream.name, own.portal, portalId);
  return { ...fresh, emittedAt: own.emittedAt ?? 0, seen: own.seen ?? null };
}
