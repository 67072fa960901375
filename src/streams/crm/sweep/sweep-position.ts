import type { JsonValue } from '../../../protocol/messages.js';
import type { Instant } from '../../../time.js';
import { stateValue } from '../../core/stream-state.js';

/** A sweep in progress, which reads page by page. */
export type SweepPosition = {
  /** HubSpot's time when it began. */
  startedAt: Instant;
  /** What it reads: a sweep of something else begins anew. */
  of: string;
  /** HubSpot's cursor of the next page; of a stream with filters, the id before it. null: the first page. */
  after: string | null;
  /** The last id on the pages before. */
  upTo: string;
  /** Whether every property is read, and not only those that are compared. */
  isWhole: boolean;
  /** Packed: ids that the destination has and the pages so far do not, with the versions of their rows; 0: not known. */
  suspects: string;
  /** The list does not ascend by id, so that it cannot be told which records it lacks. */
  isUnordered?: boolean;
};

/** Reads a state's sweep in progress; null: there is none. */
export function parseSweep(value: JsonValue | undefined): SweepPosition | null {
  const sweep = stateValue.object(value);
  const startedAt = stateValue.instant(sweep?.startedAt);
  const upTo = stateValue.text(sweep?.upTo);
  if (sweep === null || startedAt === null || upTo === null || !/^\d+$/.test(upTo)) return null;
  return {
    startedAt,
    of: stateValue.text(sweep.of) ?? '',
    after: stateValue.text(sweep.after),
    upTo,
    isWhole: sweep.isWhole === true,
    suspects: stateValue.text(sweep.suspects) ?? '',
    ...(sweep.isUnordered === true ? { isUnordered: true } : {}),
  };
}
