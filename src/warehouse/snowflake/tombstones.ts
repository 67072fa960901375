import { canDelete, type Target } from '../target.js';
import { DAYS_KEPT, TOMBSTONES } from '../tombstones.js';
import type { Row } from './session/session.js';
import type { Steps } from './session/steps.js';
import { notOlder } from './sql/order.js';
import { literal } from './sql/quote.js';
import { type Batch, deletedVersions, instant, rememberedCursor } from './sql/rows.js';
import type { TableKeeper } from './table-keeper.js';

/**
 * The memory of what was deleted: each key with its version, so that an older version that comes late does not bring it back. It is
 * kept for 95 days. See docs/decisions/0011-deleted-rows.md.
 */

/** Knows the tables of deleted keys, one in each schema, and makes them with the first deletion there. */
export class Tombstones {
  readonly #tables: TableKeeper;
  /** By schema: whether one was found. One that was not may have been made by another run meanwhile. */
  readonly #there = new Map<string, string>();

  constructor(tables: TableKeeper) {
    this.#tables = tables;
  }

  /** The full name of the table that remembers a stream's deleted rows; null where none was ever deleted. */
  async of(steps: Steps, target: Target): Promise<string | null> {
    if (!canDelete(target)) return null;
    const known = this.#there.get(target.schema);
    if (known !== undefined) return known;
    const table = this.#name(target);
    if ((await steps.runIfThere(`DESCRIBE TABLE ${table}`)) === null) return null;
    this.#there.set(target.schema, table);
    await steps.tidy(forgetOld(table));
    return table;
  }

  /** Sees to it that there is a table to remember deleted rows in. To be called outside of a transaction. @returns its full name */
  async make(steps: Steps, target: Target): Promise<string> {
    const table = this.#name(target);
    if (!this.#there.has(target.schema)) {
      await this.#tables.makeSchema(steps, target.schema);
      await steps.run(createTombstones(table), {
        needs: `CREATE TABLE ON SCHEMA ${table.slice(0, table.lastIndexOf('.'))}`,
      });
      this.#there.set(target.schema, table);
    }
    return table;
  }

  async newestGeneration(steps: Steps, target: Target): Promise<number> {
    const table = await this.of(steps, target);
    if (table === null) return 0;
    const [row]: Row[] = await steps.run(newestGeneration(target, table));
    return Number(row?.NEWEST ?? 0);
  }

  #name({ schema }: Target): string {
    return this.#tables.fullName({ schema, table: TOMBSTONES });
  }
}

/** The metadata columns have the names that they have in every table. */
export function createTombstones(table: string): string {
  return (
    `CREATE TABLE IF NOT EXISTS ${table} ("TABLE_NAME" VARCHAR, "KEY" VARCHAR, "CURSOR" VARCHAR, "_AIRBYTE_EXTRACTED_AT" TIMESTAMP_TZ, ` +
    '"_AIRBYTE_GENERATION_ID" NUMBER(38,0), "RECORDED_AT" TIMESTAMP_TZ)'
  );
}

/** Each key whose newest version in the batch deletes it; a newer one that is remembered stays. */
export function rememberDeleted(batch: Batch, keys: readonly string[], table: string): string {
  const { target } = batch;
  const deleted =
    `SELECT ${literal(target.table)} AS TABLE_NAME, HF_KEY, HF_CURSOR, VERSION, ${instant('T')} AS HF_AT, ` +
    `${batch.generation} AS HF_GENERATION FROM (${deletedVersions(batch, keys)})`;
  const newer = notOlder(target, 's.VERSION', 's.HF_AT', rememberedCursor(batch));
  return [
    `MERGE INTO ${table} t USING (${deleted}) s ON t."TABLE_NAME" = s.TABLE_NAME AND EQUAL_NULL(t."KEY", s.HF_KEY)`,
    `WHEN MATCHED AND ${newer} THEN UPDATE SET "CURSOR" = s.HF_CURSOR, "_AIRBYTE_EXTRACTED_AT" = s.HF_AT, "_AIRBYTE_GENERATION_ID" = s.HF_GENERATION, "RECORDED_AT" = CURRENT_TIMESTAMP()`,
    'WHEN NOT MATCHED THEN INSERT ("TABLE_NAME", "KEY", "CURSOR", "_AIRBYTE_EXTRACTED_AT", "_AIRBYTE_GENERATION_ID", "RECORDED_AT") ' +
      'VALUES (s.TABLE_NAME, s.HF_KEY, s.HF_CURSOR, s.HF_AT, s.HF_GENERATION, CURRENT_TIMESTAMP())',
  ].join('\n');
}

export function forgetOld(table: string): string {
  return `DELETE FROM ${table} WHERE "RECORDED_AT" < DATEADD(day, -${DAYS_KEPT}, CURRENT_TIMESTAMP())`;
}

/** Of a table that each run replaces, all; else what was deleted before the refresh. */
export function forget(target: Target, table: string): string {
  const older = target.minimumGeneration > 0 ? ` AND "_AIRBYTE_GENERATION_ID" < ${target.minimumGeneration}` : '';
  return `DELETE FROM ${table} WHERE "TABLE_NAME" = ${literal(target.table)}${older}`;
}

export function newestGeneration(target: Target, table: string): string {
  return `SELECT MAX("_AIRBYTE_GENERATION_ID") AS NEWEST FROM ${table} WHERE "TABLE_NAME" = ${literal(target.table)}`;
}
