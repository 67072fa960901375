import { canDelete, type Target } from '../target.js';
import type { Catalog } from './catalog.js';
import type { TableName } from './destination-table.js';

/** The table of deleted keys and their versions, in each schema where a row was deleted. */
const TOMBSTONES = '_HUBFLAKE_TOMBSTONES';

/** Longer than HubSpot still shows anything of a deleted record, which is 90 days. */
export const DAYS_KEPT = 95;

/**
 * Deleted keys with the versions that deleted them, so that an older version that arrives late does not bring a row back. Their table
 * is made with the first deletion in a schema, and what is older than {@link DAYS_KEPT} is removed once a run. See
 * docs/decisions/0011-deleted-rows.md.
 */
export class Tombstones {
  /** The schemas whose table was found. One that was not found may have been made by another run since. */
  #there = new Set<string>();

  /** @returns a function that forgets what is found out from now on, for when the transaction is rolled back */
  mark(): () => void {
    const there = new Set(this.#there);
    return () => {
      this.#there = there;
    };
  }

  /** The table with a stream's deleted keys; null where none was ever deleted. */
  async of(catalog: Catalog, target: Target): Promise<TableName | null> {
    if (!canDelete(target)) return null;
    const table = tombstonesIn(target);
    if (this.#there.has(target.schema)) return table;
    if (!(await catalog.hasTombstones(table))) return null;
    this.#there.add(target.schema);
    await catalog.forgetOld(table);
    return table;
  }

  /** Makes sure that there is a table for deleted keys. */
  async make(catalog: Catalog, target: Target): Promise<TableName> {
    const table = tombstonesIn(target);
    if (!this.#there.has(target.schema)) await catalog.makeTombstones(table);
    this.#there.add(target.schema);
    return table;
  }

  /** The highest generation that the stream's deleted rows had; 0 where there are none. */
  async newestGeneration(catalog: Catalog, target: Target): Promise<number> {
    const table = await this.of(catalog, target);
    return table === null ? 0 : catalog.newestDeleted(table, target);
  }
}

function tombstonesIn({ schema }: TableName): TableName {
  return { schema, table: TOMBSTONES };
}
