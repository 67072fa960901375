import { type Column, canDelete, type Target } from '../target.js';
import { DAYS_KEPT, TOMBSTONES } from '../tombstones.js';
import type { Database } from './database.js';
import { castExpression } from './sql/columns.js';
import { createSchema, identifier, literal, newest, notOlder, STAGE, tableName } from './sql/sql.js';
import type { TableKeeper } from './table-keeper.js';

/**
 * The memory of what was deleted: each key with its version, so that an older version that comes late does not bring it back. It
 * changes in the transaction of the batch. See docs/decisions/0011-deleted-rows.md.
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

  /** @returns takes back what is noted from now on, when the transaction in which that happens is undone */
  mark(): () => void {
    const tidied = new Set(this.#tidied);
    return () => {
      this.#tidied = tidied;
    };
  }

  /**
   * Remembers what the staged batch deletes, and leaves out of it what is older than a deletion.
   *
   * @param staged the stream with the columns that the stage has
   */
  async sift(staged: Target): Promise<void> {
    if (!canDelete(staged)) return;
    const deleted = await this.#db.count(`SELECT count(*)::INTEGER AS rows FROM ${STAGE} WHERE hf_deleted`);
    const isThere = await this.#isThere(staged);
    if (deleted > 0) {
      await this.#db.run(createSchema(staged));
      await this.#db.run(createTombstones(staged));
      await this.#db.run(remember(staged, keyText(staged)));
    }
    if (isThere) await this.#db.run(leaveOut(staged, keyText(staged)));
  }

  /** Forgets what was deleted of rows that a refresh has replaced. */
  async forget(target: Target): Promise<void> {
    if (!canDelete(target) || !(await this.#isThere(target))) return;
    await this.#db.run(forget(target));
  }

  /** Whether rows of the stream's table were deleted that are remembered. */
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

  async #isThere(target: Target): Promise<boolean> {
    if ((await this.#tables.columns({ schema: target.schema, table: TOMBSTONES })).length === 0) return false;
    if (!this.#tidied.has(target.schema)) {
      await this.#db.run(forgetOld(target));
      this.#tidied.add(target.schema);
    }
    return true;
  }
}

function nameIn({ schema }: Pick<Target, 'schema'>): string {
  return tableName({ schema, table: TOMBSTONES });
}

function isOf({ table }: Target): string {
  return `TABLE_NAME = ${literal(table.toLowerCase())}`;
}

/** The metadata columns have the names that they have in every table. */
export function createTombstones(target: Target): string {
  return (
    `CREATE TABLE IF NOT EXISTS ${nameIn(target)} (TABLE_NAME VARCHAR, KEY VARCHAR, CURSOR VARCHAR, ` +
    '_airbyte_extracted_at TIMESTAMP WITH TIME ZONE, _airbyte_generation_id BIGINT, RECORDED_AT TIMESTAMP WITH TIME ZONE)'
  );
}

/** Each key whose newest version in the batch deletes it; a newer one that is remembered stays. */
export function remember(target: Target, key: string): string {
  const cursor = target.cursor === null ? 'NULL' : `${staged(target, target.cursor)}::VARCHAR`;
  return [
    `MERGE INTO ${nameIn(target)} AS t USING (SELECT *, ${key} AS hf_key, ${cursor} AS hf_cursor FROM (${newest(target, 'true')}) WHERE hf_deleted) AS s`,
    `ON t.${isOf(target)} AND t.KEY IS NOT DISTINCT FROM s.hf_key`,
    `WHEN MATCHED AND ${newer(target)} THEN UPDATE SET CURSOR = s.hf_cursor, _airbyte_extracted_at = s._airbyte_extracted_at, _airbyte_generation_id = s._airbyte_generation_id, RECORDED_AT = now()`,
    `WHEN NOT MATCHED THEN INSERT VALUES (${literal(target.table.toLowerCase())}, s.hf_key, s.hf_cursor, s._airbyte_extracted_at, s._airbyte_generation_id, now())`,
  ].join('\n');
}

/** Takes the versions that are older than the deletion of their key out of the stage. */
export function leaveOut(target: Target, key: string): string {
  return (
    `DELETE FROM ${STAGE} WHERE hf_line IN (SELECT s.hf_line FROM (SELECT *, ${key} AS hf_key FROM ${STAGE}) AS s ` +
    `JOIN ${nameIn(target)} AS t ON t.${isOf(target)} AND t.KEY IS NOT DISTINCT FROM s.hf_key WHERE (${newer(target)}) IS NOT TRUE)`
  );
}

/** Of a table that each run replaces, all; else what was deleted before the refresh. */
export function forget(target: Target): string {
  const older = target.minimumGeneration > 0 ? ` AND _airbyte_generation_id < ${target.minimumGeneration}` : '';
  return `DELETE FROM ${nameIn(target)} WHERE ${isOf(target)}${older}`;
}

export function forgetOld(target: Target): string {
  return `DELETE FROM ${nameIn(target)} WHERE RECORDED_AT < now() - INTERVAL ${DAYS_KEPT} DAY`;
}

export function newestGeneration(target: Target): string {
  return `SELECT coalesce(max(_airbyte_generation_id), 0)::BIGINT AS rows FROM ${nameIn(target)} WHERE ${isOf(target)}`;
}

function newer(target: Target): string {
  const { cursor } = target;
  return notOlder(target, cursor === null ? undefined : castExpression(cursor.type, 't.CURSOR'));
}

/** A row's key as one text. */
export function keyText(target: Target): string {
  const [first, ...others] = target.key.map((column) => `${staged(target, column)}::VARCHAR`);
  return others.length === 0 ? (first ?? 'NULL') : `to_json([${[first, ...others].join(', ')}])::VARCHAR`;
}

function staged(target: Target, column: Column): string {
  return identifier(`c${target.columns.indexOf(column)}`);
}
