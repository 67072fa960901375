import type { ColumnMapping } from '../tables/column-mapping.js';
import type { TableName } from '../tables/destination.js';
import { type Column, canDelete, type Target } from '../target.js';
import { DAYS_KEPT, TOMBSTONES } from '../tombstones.js';
import type { Database } from './database.js';
import { castExpression } from './sql/columns.js';
import { createSchema, identifier, literal, newest, notOlder, STAGE, tableName } from './sql/sql.js';
import type { TableKeeper } from './table-keeper.js';

/**
 * Deleted keys with the versions that deleted them, so that an older version that arrives late does not bring a row back. Written in
 * the transaction of the batch. See docs/decisions/0011-deleted-rows.md.
 */
export class Tombstones {
  readonly #db: Database;
  readonly #tables: TableKeeper;
  /** The schemas whose old entries this run has removed. */
  #tidied = new Set<string>();

  constructor(db: Database, tables: TableKeeper) {
    this.#db = db;
    this.#tables = tables;
  }

  /** @returns a function that forgets what is noted from now on, for when the transaction is rolled back */
  mark(): () => void {
    const tidied = new Set(this.#tidied);
    return () => {
      this.#tidied = tidied;
    };
  }

  /**
   * Records the keys that the staged batch deletes, and drops from the stage the versions that are older than a deletion.
   *
   * @param narrow the columns that the stage has
   */
  async dropDeletedVersions(target: Target, narrow: ColumnMapping): Promise<void> {
    if (!canDelete(target)) return;
    const deleted = await this.#db.count(`SELECT count(*)::INTEGER AS rows FROM ${STAGE} WHERE hf_deleted`);
    const isThere = await this.#isThere(target);
    if (deleted > 0) {
      await this.#db.run(createSchema(target));
      await this.#db.run(createTombstones(target));
      await this.#db.run(remember(target, narrow));
    }
    if (isThere) await this.#db.run(leaveOut(target, narrow));
  }

  /** Forgets the deletions of rows that a refresh has replaced. */
  async forget(target: Target): Promise<void> {
    if (!canDelete(target) || !(await this.#isThere(target))) return;
    await this.#db.run(forget(target));
  }

  /** Whether any deletion of the stream's rows is on record. */
  async hasAny(target: Target): Promise<boolean> {
    if (!canDelete(target) || !(await this.#isThere(target))) return false;
    return (
      (await this.#db.count(`SELECT count(*)::INTEGER AS rows FROM ${nameIn(target)} t WHERE ${isOf(target)}`)) > 0
    );
  }

  async newestGeneration(target: Target): Promise<number> {
    if (!canDelete(target) || !(await this.#isThere(target))) return 0;
    return this.#db.count(newestGeneration(target));
  }

  async #isThere(target: TableName): Promise<boolean> {
    if ((await this.#tables.columns({ schema: target.schema, table: TOMBSTONES })).length === 0) return false;
    if (!this.#tidied.has(target.schema)) {
      await this.#db.run(forgetOld(target));
      this.#tidied.add(target.schema);
    }
    return true;
  }
}

function nameIn({ schema }: TableName): string {
  return tableName({ schema, table: TOMBSTONES });
}

function isOf({ table }: TableName): string {
  return `TABLE_NAME = ${literal(table.toLowerCase())}`;
}

/** The metadata columns have the names that they have in every table. */
export function createTombstones(target: TableName): string {
  return (
    `CREATE TABLE IF NOT EXISTS ${nameIn(target)} (TABLE_NAME VARCHAR, KEY VARCHAR, CURSOR VARCHAR, ` +
    '_airbyte_extracted_at TIMESTAMP WITH TIME ZONE, _airbyte_generation_id BIGINT, RECORDED_AT TIMESTAMP WITH TIME ZONE)'
  );
}

/** Records each key whose newest version in the batch deletes it, unless a newer deletion is on record. */
export function remember(target: TableName, narrow: ColumnMapping): string {
  const cursor = narrow.cursor === null ? 'NULL' : `${staged(narrow, narrow.cursor)}::VARCHAR`;
  return [
    `MERGE INTO ${nameIn(target)} AS t USING (SELECT *, ${keyText(narrow)} AS hf_key, ${cursor} AS hf_cursor FROM (${newest(narrow, 'true')}) WHERE hf_deleted) AS s`,
    `ON t.${isOf(target)} AND t.KEY IS NOT DISTINCT FROM s.hf_key`,
    `WHEN MATCHED AND ${newer(narrow)} THEN UPDATE SET CURSOR = s.hf_cursor, _airbyte_extracted_at = s._airbyte_extracted_at, _airbyte_generation_id = s._airbyte_generation_id, RECORDED_AT = now()`,
    `WHEN NOT MATCHED THEN INSERT VALUES (${literal(target.table.toLowerCase())}, s.hf_key, s.hf_cursor, s._airbyte_extracted_at, s._airbyte_generation_id, now())`,
  ].join('\n');
}

/** Drops from the stage the versions that are older than the deletion of their key. */
export function leaveOut(target: TableName, narrow: ColumnMapping): string {
  return (
    `DELETE FROM ${STAGE} WHERE hf_line IN (SELECT s.hf_line FROM (SELECT *, ${keyText(narrow)} AS hf_key FROM ${STAGE}) AS s ` +
    `JOIN ${nameIn(target)} AS t ON t.${isOf(target)} AND t.KEY IS NOT DISTINCT FROM s.hf_key WHERE (${newer(narrow)}) IS NOT TRUE)`
  );
}

/** Forgets all deletions of a table that each run replaces; otherwise those from before the refresh. */
export function forget(target: Target): string {
  const older = target.minimumGeneration > 0 ? ` AND _airbyte_generation_id < ${target.minimumGeneration}` : '';
  return `DELETE FROM ${nameIn(target)} WHERE ${isOf(target)}${older}`;
}

export function forgetOld(target: TableName): string {
  return `DELETE FROM ${nameIn(target)} WHERE RECORDED_AT < now() - INTERVAL ${DAYS_KEPT} DAY`;
}

export function newestGeneration(target: TableName): string {
  return `SELECT coalesce(max(_airbyte_generation_id), 0)::BIGINT AS rows FROM ${nameIn(target)} WHERE ${isOf(target)}`;
}

function newer(narrow: ColumnMapping): string {
  const { cursor } = narrow;
  return notOlder(narrow, cursor === null ? undefined : castExpression(cursor.type, 't.CURSOR'));
}

/** A row's key as one text. */
function keyText(narrow: ColumnMapping): string {
  const [first, ...others] = narrow.key.map((column) => `${staged(narrow, column)}::VARCHAR`);
  return others.length === 0 ? (first ?? 'NULL') : `to_json([${[first, ...others].join(', ')}])::VARCHAR`;
}

function staged(narrow: ColumnMapping, column: Column): string {
  return identifier(`c${narrow.columns.indexOf(column)}`);
}
