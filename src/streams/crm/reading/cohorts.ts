import type { SyncMode } from '../../../protocol/messages.js';
import { epochMs, isFrom, timeOf } from '../../../time.js';
import { isFresh, isUnderWay, type ObjectState } from '../run/object-state.js';
import { compareIds, packIds, unpackIds } from '../run/packed-ids.js';
import type { SweepPosition } from '../sweep/sweep-position.js';

/** An output with the state that it resumes from. */
export interface Member {
  state: ObjectState;
  mode: SyncMode;
  /** An earlier attempt of the same job has finished its full refresh. */
  isRefreshed: boolean;
  /** Whether the selection of the reading is its own. */
  ownsSelection: boolean;
  /** It has to be read from the start, for which the others need not be read again. */
  isAlone: boolean;
}

/**
 * The outputs of an object that can be read together: those to be loaded, those of which an increment is due, and those of a reading that was
 * interrupted. Destinations commit streams one by one, so that the states of one reading may be some steps apart; one that is complete is not
 * taken back by one that is not.
 *
 * Increments begin where the stream that is the furthest behind ended. One that is further behind than the lookback, as one whose destination
 * refuses it is after a while, is not read with the others, which would read all that again.
 */
export function cohortsOf<M extends Member>(members: readonly M[], lookbackMinutes: number): M[][] {
  const cursors = members.map(({ state: { cursor } }) => timeOf(cursor ?? '')).filter((time) => !Number.isNaN(time));
  const isBehind = ({ cursor }: ObjectState) => timeOf(cursor ?? '') < Math.max(...cursors) - lookbackMinutes * 60_000;
  const cohorts = new Map<string, M[]>();
  for (const [index, member] of members.entries()) {
    const { state, mode, isRefreshed, isAlone } = member;
    const { lineage } = state;
    const complete = isBehind(state) ? 'behind' : 'complete';
    const kind = isRefreshed ? 'refreshed' : isFresh(state) ? 'new' : isUnderWay(state) ? lineage : complete;
    // States of before 0.3 have no lineage.
    const key = `${mode} ${isAlone || kind === null ? index : kind}`;
    cohorts.set(key, [...(cohorts.get(key) ?? []), member]);
  }
  return [...cohorts.values()];
}

/**
 * The state that all outputs of a cohort resume from: that of the one that is the furthest behind. The others get some records again. What
 * they had emitted since is uncertain for a reading that begins before it: what was sent is forgotten, and records that one of them knows
 * as archived are told of again, as deleted or as restored. A sweep goes on where it was for the one that is the furthest behind, or for all those
 * that have not been loaded since it began.
 */
export function joinedState(members: readonly Member[]): ObjectState {
  const states = members.map(({ state }) => state);
  const [behind, ...others] = [...states].sort(byProgress);
  if (!behind) throw new RangeError('a cohort has at least one member');
  const joined = structuredClone(behind);
  joined.emittedAt = epochMs(Math.max(...states.map(({ emittedAt }) => emittedAt)));
  const reached = states.map(({ recent, cursor }) => recent ?? cursor ?? joined.cursor).sort(byTime)[0] ?? null;
  joined.recent = reached === joined.cursor ? null : reached;
  joined.step = Math.max(...states.map(({ step }) => step));
  joined.fingerprint = members.find(({ ownsSelection }) => ownsSelection)?.state.fingerprint ?? null;
  const sent = JSON.stringify(behind.sent);
  if (others.some((other) => JSON.stringify(other.sent) !== sent)) joined.sent = null;
  joinSweeps(joined, others);
  const known = new Set(archivedIn(behind));
  const uncertain = others.flatMap(archivedIn).filter((id) => !known.has(id));
  const startedAt = behind.archive.scannedAt ?? behind.archive.since;
  if (uncertain.length > 0 && startedAt !== null) {
    const { scan } = behind.archive;
    joined.archive.scan = {
      startedAt: scan?.startedAt ?? startedAt,
      after: null,
      tells: scan?.tells ?? true,
      seen: '',
      pending: packIds([...uncertain, ...unpackIds(scan?.pending), ...unpackIds(scan?.seen)]),
      recent: '',
    };
  }
  return joined;
}

/** @param joined a copy of the state that is the furthest behind */
function joinSweeps(joined: ObjectState, others: readonly ObjectState[]): void {
  const { sweptAt } = joined;
  const isSwept = ({ startedAt }: SweepPosition) => sweptAt !== null && isFrom(sweptAt, startedAt);
  const underWay = others.flatMap(({ sweep }) => (sweep && isSwept(sweep) ? [sweep] : []));
  const [earliest] = underWay.sort((a, b) => compareIds(a.upTo, b.upTo));
  if (earliest) joined.sweep ??= structuredClone(earliest);
  const times = [sweptAt, ...others.map((each) => each.sweptAt)];
  joined.sweptAt = times.some((time) => time === null) ? null : (times.sort(byTime)[0] ?? null);
  const known = others.find(({ swept }) => swept !== null)?.swept;
  // Of the ids that another one knows: what it has emitted says nothing about the others.
  if (known) joined.swept ??= { ...known, salt: null };
}

function byTime(a: string | null, b: string | null): number {
  return timeOf(a ?? '') - timeOf(b ?? '');
}

/**
 * Of one lineage, the state with the lower step is behind; otherwise the one with the earlier cursor, if both have one.
 */
function byProgress(a: ObjectState, b: ObjectState): number {
  if (a.lineage === b.lineage) return a.step - b.step;
  return timeOf(a.cursor ?? '') - timeOf(b.cursor ?? '') || 0;
}

function archivedIn({ archive }: ObjectState): string[] {
  return [archive.ids, archive.unfound, archive.scan?.seen, archive.scan?.pending].flatMap((packed) =>
    unpackIds(packed),
  );
}
