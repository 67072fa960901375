import type { TableName } from '../tables/destination.js';
import { canDelete, type Target } from '../target.js';
import { DAYS_KEPT, TOMBSTONES } from '../tombstones.js';
import type { Row } from './session/session.js';
import type { StatementRunner } from './session/statement-runner.js';
import { notOlder } from './sql/order.js';
import { literal } from './sql/quote.js';
import { type Batch, deletedVersions, instant, rememberedCursor } from './sql/rows.js';
import type { TableKeeper } from './table-keeper.js';

/**
 * Deleted keys with the versions that deleted them, so that an older version that arrives late does not bring a row back. Kept for 95
 * days. See docs/decisions/0011-deleted-rows.md.
 */

/** Knows the tables of deleted keys, one in each schema, and makes them with the first deletion there. */
export class Tombstones {
  readonly #tables: TableKeeper;
  /** Full names by schema, of those that were found. One that was not found may have been made by another run since. */
  readonly #there = new Map<string, string>();

  constructor(tables: TableKeeper) {
    this.#tables = tables;
  }

  /** The full name of the table with a stream's deleted keys; null where none was ever deleted. */
  async of(steps: StatementRunner, target: Target): Promise<string | null> {
    if (!canDelete(target)) return null;
    const known = this.#there.get(target.schema);
    if (known !== undefined) return known;
    const table = this.#name(target);
    if ((await steps.runIfThere(`DESCRIBE TABLE ${table}`)) === null) return null;
    this.#there.set(target.schema, table);
    await steps.tidy(forgetOld(table));
    return table;
  }

  /** Makes sure that there is a table for deleted keys. Not to be called in a transaction, which it would commit. @returns its full name */
  async make(steps: StatementRunner, target: Target): Promise<string> {
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

  async newestGeneration(steps: StatementRunner, target: Target): Promise<number> {
    const table = await this.of(steps, target);
    if (table === null) return 0;
    const [row]: Row[] = await steps.run(newestGeneration(target, table));
    return Number(row?.NEWEST ?? 0);
  }

  #name({ schema }: TableName): string {
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

/** Records each key whose newest version in the batch deletes it, unless a newer deletion is on record. */
export function rememberDeleted(batch: Batch, keys: readonly string[], table: string): string {
  const { target, mapping } = batch;
  const deleted =
    `SELECT ${literal(target.table)} AS TABLE_NAME, HF_KEY, HF_CURSOR, VERSION, ${instant('T')} AS HF_AT, ` +
    `${batch.generation} AS HF_GENERATION FROM (${deletedVersions(batch, keys)})`;
  const newer = notOlder(mapping, 's.VERSION', 's.HF_AT', rememberedCursor(batch));
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

/** Forgets all deletions of a table that each run replaces; otherwise those from before the refresh. */
export function forget(target: Target, table: string): string {
  const older = target.minimumGeneration > 0 ? ` AND "_AIRBYTE_GENERATION_ID" < ${target.minimumGeneration}` : '';
  return `DELETE FROM ${table} WHERE "TABLE_NAME" = ${literal(target.table)}${older}`;
}

export function newestGeneration(target: TableName, table: string): string {
  return `SELECT MAX("_AIRBYTE_GENERATION_ID") AS NEWEST FROM ${table} WHERE "TABLE_NAME" = ${literal(target.table)}`;
}
