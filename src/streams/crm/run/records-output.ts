import type { ObjectRow } from '../../../hubspot/api/object-row.js';
import type { RecordChange } from '../../../protocol/messages.js';
import { timeOf } from '../../../time.js';
import { type Layout, updatedAtOf } from '../../layouts/layout.js';
import type { MergedAway } from './merges.js';
import type { ArchivedRecord, Emit, Erased, LiveRecord, ObjectOutput, Occasion } from './object-output.js';

const ERASED = 'The record was erased: HubSpot has it neither among the live, nor the archived, nor the merged ones.';

/** An object's records themselves, one by one, and their tombstones. */
export class RecordsOutput implements ObjectOutput {
  readonly ownsSelection = true;
  readonly isSwept = true;
  readonly #layout: Layout;
  readonly #now: () => string;
  /** The note on the record of one that was erased: when that was, HubSpot does not say. */
  readonly #erasure: RecordChange;

  /** @param now HubSpot's time, for what has none of its own */
  constructor(layout: Layout, now: () => string) {
    this.#layout = layout;
    this.#now = now;
    const field = ['archivedAt', 'archived_at'].find((name) => name in layout.schema) ?? layout.primaryKey;
    this.#erasure = { field, change: 'TRUNCATED', reason: 'SOURCE_RETRIEVAL_ERROR', value: ERASED };
  }

  publicState(cursor: string) {
    return { [this.#layout.cursorField]: cursor };
  }

  live(records: readonly LiveRecord[], occasion: Occasion, emit: Emit): Promise<void> {
    const isChange = occasion.is === 'changes';
    const encode = ({ row, links }: LiveRecord) => {
      const record = this.#layout.encode(row, links, null);
      if (isChange) record.modifiedAt = timeOf(updatedAtOf(row) ?? '');
      return record;
    };
    return emit(records, encode, occasion.is === 'sweep');
  }

  archived(records: readonly ArchivedRecord[], _: unknown, emit: Emit): Promise<void> {
    return emit(records, ({ row }) =>
      this.#layout.encode(row, null, { archivedAt: row.archivedAt ?? this.#now(), mergedInto: null }),
    );
  }

  merged(_: readonly MergedAway[], owed: readonly MergedAway[], emit: Emit): Promise<void> {
    return emit(owed, ({ id, updatedAt, survivor }) =>
      this.#layout.encodeMergedAway(id, updatedAt, { archivedAt: updatedAt ?? this.#now(), mergedInto: survivor }),
    );
  }

  erased(gone: readonly Erased[], emit: Emit): Promise<void> {
    const archivedAt = this.#now();
    return emit(gone, ({ id, updatedAt }) => ({
      ...this.#layout.encodeMergedAway(id, updatedAt, { archivedAt, mergedInto: null }),
      changes: [this.#erasure],
    }));
  }

  left(rows: readonly ObjectRow[], emit: Emit): Promise<void> {
    return emit(rows, (row) => this.#layout.encode(row, null, { leftAt: updatedAtOf(row) ?? this.#now() }));
  }
}
