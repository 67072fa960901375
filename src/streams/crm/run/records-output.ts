import type { ObjectRow } from '../../../hubspot/api/object-row.js';
import { type Layout, updatedAtOf } from '../../layouts/layout.js';
import type { MergedAway } from './merges.js';
import type { ArchivedRecord, Emit, LiveRecord, ObjectOutput, Occasion } from './object-output.js';

/** An object's records themselves, one by one, and their tombstones. */
export class RecordsOutput implements ObjectOutput {
  readonly isOfSelection = true;
  readonly #layout: Layout;
  readonly #now: () => string;

  /** @param now HubSpot's time, for what has none of its own */
  constructor(layout: Layout, now: () => string) {
    this.#layout = layout;
    this.#now = now;
  }

  publicState(cursor: string) {
    return { [this.#layout.cursorField]: cursor };
  }

  live(records: readonly LiveRecord[], _: Occasion, emit: Emit): Promise<void> {
    return emit(records, ({ row, links }) => this.#layout.encode(row, links, null));
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

  left(rows: readonly ObjectRow[], emit: Emit): Promise<void> {
    return emit(rows, (row) => this.#layout.encode(row, null, { leftAt: updatedAtOf(row) ?? this.#now() }));
  }
}
