import type { Histories, ObjectRow } from '../../../hubspot/api/object-row.js';
import type { JsonObject } from '../../../protocol/messages.js';
import type { EpochMs, Instant } from '../../../time.js';
import type { KnownRecords } from '../../core/known-records.js';
import type { EncodedRecord } from '../../core/sink.js';
import type { IdSpan } from '../sweep/content-runs.js';
import type { MergedAway } from './merges.js';

/** A live record that a reading found. */
export interface LiveRecord {
  row: ObjectRow;
  /** The associated ids for each of the reading's associations, in their order. */
  links: readonly (readonly string[])[];
  /** Whether a record was merged into it that was not known before. */
  hasNewMerges: boolean;
  /** Whether it was archived when the object was read before. */
  isRestored: boolean;
  /** The values that properties have had; null: they were not asked for. */
  histories: Histories | null;
}

/** A record that was archived since. */
export type ArchivedRecord = Pick<LiveRecord, 'row' | 'histories'>;

/** A record that HubSpot has nowhere. */
export interface Erased {
  id: string;
  /** When its row says that it was last modified; null: it does not say. */
  updatedAt: Instant | null;
}

/**
 * Why live records are read. `load`: the list of a first load has them. `changes`: they were modified from `since` on;
 * all was read before up to `reached`, which is later, as searches lag. `values`: they have values of properties that
 * the stream did not read before. `restored`: they were archived, and no longer are. `sweep`: they may have changed
 * without HubSpot showing it among changes.
 */
export type Occasion =
  | { is: 'load' | 'values' | 'restored' | 'sweep' }
  | { is: 'changes'; since: Instant | null; reached: Instant | null };

/**
 * Emits a record for each item, after a state that covers what came before them.
 *
 * @param isCompared whether rows that have the same values may be left alone
 */
export type Emit = <T>(items: readonly T[], encode: (item: T) => EncodedRecord, isCompared?: boolean) => Promise<void>;

/** What becomes of an object's records in one stream. A reading has one or more outputs (docs/decisions/0022-history-and-fivetrans-layout.md). */
export interface ObjectOutput {
  /** The members of its state that source-hubspot reads. @param cursor where source-hubspot could go on without loss */
  publicState(cursor: string): JsonObject;
  /** The field of the association that it takes; none: it takes none of its own. */
  readonly linksOf?: string;
  /** Whether it tells of merges although deletions are not reported. */
  readonly tellsMerges?: boolean;
  /** Whether the reading's selection, and so its fingerprint, is this output's. */
  readonly ownsSelection: boolean;
  /** Whether a sweep is of use to it. */
  readonly isSwept?: boolean;
  /** @param rememberFrom the next reading finds again what changed from this time on */
  live(records: readonly LiveRecord[], occasion: Occasion, emit: Emit, rememberFrom: EpochMs): Promise<void>;
  /** @param since what was modified since may not have been emitted; null: nothing was */
  archived?(
    records: readonly ArchivedRecord[],
    since: Instant | null,
    emit: Emit,
    rememberFrom: EpochMs,
  ): Promise<void>;
  /**
   * @param all the merges that were not known before
   * @param owed those of them whose records may have been emitted
   */
  merged?(all: readonly MergedAway[], owed: readonly MergedAway[], emit: Emit): Promise<void>;
  /** Records that HubSpot has nowhere, of which rows were found. */
  erased?(gone: readonly Erased[], emit: Emit): Promise<void>;
  /**
   * Live records that a sweep has come past, whether they differ or not.
   *
   * @param span where these are all that there are, by ascending id; null: the list is not in that order
   */
  swept?(ids: readonly string[], span: IdSpan | null, emit: Emit): Promise<void>;
  /** Records that have left the stream's filters. */
  left?(rows: readonly ObjectRow[], emit: Emit): Promise<void>;
  /** Emits what was held back. Called before a state that has to cover everything. */
  flush?(emit: Emit): Promise<void>;
  /** Whether records are held back, so that no state can be emitted that covers them. */
  readonly isBehind?: boolean;
  /** The minimum number of calls that it made itself. */
  readonly calls?: number;
  /** What its state has besides the reading's. @param closingFrom in a closing state: the next reading finds again what changed from then on */
  memory?(closingFrom: EpochMs | null): JsonObject;
  /** Says what is to be said at the end of the reading. */
  end?(port: OutputPort): void;
}

/** Where the records and states of an output go: a stream, or a part of one that several readings feed. */
export interface OutputPort {
  readonly stream: string;
  readonly output: ObjectOutput;
  /** Does something for the output. What fails need not concern the other outputs of the reading. */
  attempt(step: () => Promise<void>): Promise<void>;
  /** @param isCompared whether rows that have the same values may be left alone */
  records(records: readonly EncodedRecord[], emittedAt: EpochMs, isCompared: boolean): Promise<void>;
  /** The records that the destination has; null: it cannot tell. */
  knownRecords(): KnownRecords | null;
  state(state: JsonObject, isAhead: boolean): Promise<void>;
  estimate(rows: number): void;
  /** HubSpot no longer had all past values of so many properties of records. */
  incompleteHistories(properties: number): void;
}
