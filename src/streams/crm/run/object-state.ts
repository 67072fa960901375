import { StateError } from '../../../errors.js';
import type { JsonObject, JsonValue } from '../../../protocol/messages.js';
import { checkVersion, REFRESH_COMPLETE } from '../../core/stream-state.js';
import { sourceHubspotCursor } from '../../core/taken-over.js';
import { type ArchiveState, NO_ARCHIVE, parseArchive } from './archive-memory.js';
import { type Fingerprint, fingerprintJson, parseFingerprint } from './fingerprint.js';

/** The layout of the states below; a newer one cannot be read by this version. */
const VERSION = 1;
/** The cursor that source-hubspot begins with. */
const BEGINNING = '2006-06-01T00:00:00.000Z';

/** A first load under way: the list's records are read page by page. */
export interface LoadPosition {
  /** HubSpot's time when it began, ISO 8601. What changes from then on is read again by the pass behind it. */
  startedAt: string;
  /** The list's cursor of the next page; null: the first. Read from here on by a single chain of pages, nothing is left out. */
  after: string | null;
  /** Merges before this instant are not told; null: all are. */
  mergesSince: string | null;
  /** Records listed so far. States of earlier versions do not have it. */
  listed?: number;
  /** How many records HubSpot has, once it was asked; 0: that does not matter any more. */
  total?: number;
  /** What is left of a list that is read from several places at once. The first of all goes on at `after`. */
  chains?: ChainPosition[];
}

/** A part of a list that is read page by page: from `after` on, up to the id `before` and without it. */
export interface ChainPosition {
  /** HubSpot's cursor of the next page, which is the id of the last record read, or that plus one. */
  after: string | null;
  /** The record with which the next chain began; null: the end of the list. */
  before: string | null;
  isFirst?: boolean;
}

/** A part of a pass: ids above `after`, up to and with `upTo`. */
export interface RangePosition {
  after: string;
  upTo: string | null;
}

/** A pass of searches under way: everything modified since an instant, by ascending id. */
export interface PassPosition {
  /** null: everything. */
  since: string | null;
  /** HubSpot's time when it began; the cursor once it is complete. */
  startedAt: string;
  /** Merges before this instant are not told; null: all are. */
  mergesSince: string | null;
  /** What is left to read. Empty: the pass is complete. */
  ranges: RangePosition[];
  /** HubSpot counted records that it did not show, and nobody could tell what they are: the next pass begins where this one did. */
  isUnsettled?: boolean;
  /** Of a stream with filters, once its ranges are read: the id up to which those that left the filters were looked for. */
  leftUpTo?: string;
  /** Everything is read again because the filters were changed: what they do not want any more is told. */
  tellsLeft?: boolean;
}

/** Values of properties that are still to be read: of the records that have one, by ascending id. */
export interface FillPosition {
  names: string[];
  after: string;
}

/** The range of a pass that is not divided. */
export const EVERY_ID: RangePosition = { after: '0', upTo: null };

/** All that reading a stream of CRM records goes on from. */
export interface ObjectState {
  /** What source-hubspot would go on from without loss. */
  shown: string;
  /** HubSpot's time when the last complete pass began; null before there is one. */
  cursor: string | null;
  /** The latest emitted_at so far, epoch ms; it never falls. */
  emittedAt: number;
  portal: number | null;
  fingerprint: Fingerprint | null;
  /** Whether what is under way is a full refresh, which an increment's position would not be. */
  refresh: boolean;
  load: LoadPosition | null;
  pass: PassPosition | null;
  fill: FillPosition | null;
  archive: ArchiveState;
  /** Ids merged away, and the last survivor of each; packed, or an object in earlier states. */
  merges: unknown;
  /** What was sent of the records that the next increment finds again; only closing states have it. See {@link SentMemory}. */
  sent: JsonObject | null;
}

/** The state of a stream of which nothing was read yet. @param updatedAfter where it starts from, ISO 8601 */
function emptyState(updatedAfter: string | null): ObjectState {
  return {
    shown: updatedAfter ?? BEGINNING,
    cursor: null,
    emittedAt: 0,
    portal: null,
    fingerprint: null,
    refresh: false,
    load: null,
    pass: null,
    fill: null,
    archive: { ...NO_ARCHIVE },
    merges: '',
    sent: null,
  };
}

/**
 * Reads a stream's state: ours, or source-hubspot's in any of its shapes. Throws a StateError for anything else, and for
 * a state of a newer version.
 */
export function parseObjectState(
  given: JsonObject | null,
  stream: string,
  cursorField: string,
  updatedAfter: string | null,
): ObjectState {
  const state = emptyState(updatedAfter);
  if (given === null || Object.keys(given).length === 0) return state;
  const own = given.hubflake as Partial<Record<keyof ObjectState, unknown>> & { version?: number };
  if (own !== undefined) return parseOwn(own, given[cursorField], stream, state);
  const time = sourceHubspotCursor(given);
  if (time === null || (time === undefined && given[REFRESH_COMPLETE] === true)) return state;
  if (time === undefined) {
    throw new StateError(
      `The state of "${stream}" cannot be read: ${JSON.stringify(given).slice(0, 120)}. Give one that hubflake or source-hubspot ` +
        'wrote, or leave it out to load the stream anew.',
    );
  }
  state.cursor = new Date(time).toISOString();
  state.shown = state.cursor;
  return state;
}

function parseOwn(
  own: Record<string, unknown>,
  shown: JsonValue | undefined,
  stream: string,
  state: ObjectState,
): ObjectState {
  checkVersion(stream, own.version, VERSION);
  const { cursor, emittedAt, portal, fingerprint, refresh, load, pass, fill, archive, merges, sent } = structuredClone(
    own,
  ) as Partial<ObjectState>;
  return {
    shown: typeof shown === 'string' ? shown : state.shown,
    cursor: cursor ?? null,
    emittedAt: emittedAt ?? 0,
    portal: portal ?? null,
    fingerprint: parseFingerprint(fingerprint),
    refresh: refresh ?? false,
    load: load ?? null,
    pass: pass ?? null,
    fill: fill ?? null,
    archive: parseArchive(archive),
    merges: merges ?? '',
    sent: sent ?? null,
  };
}

/** The state as it goes out: source-hubspot's member, and ours. */
export function objectStateJson(state: ObjectState, cursorField: string, refreshComplete: boolean): JsonObject {
  const { shown, fingerprint, sent, ...own } = state;
  return {
    [cursorField]: shown,
    ...(refreshComplete ? { [REFRESH_COMPLETE]: true } : {}),
    hubflake: {
      version: VERSION,
      ...(own as unknown as JsonObject),
      fingerprint: fingerprint && fingerprintJson(fingerprint),
      ...(sent ? { sent } : {}),
    },
  };
}
