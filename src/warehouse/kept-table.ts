import { createHash } from 'node:crypto';
import { WarehouseConfigError } from '../errors.js';
import type { NameRules } from './names.js';
import type { Target } from './target.js';

/** The table that a stream's state is about: rows and state belong together, and one without the other is worthless. */
export interface KeptTable {
  /** Where the stream's rows are for readers. */
  schema: string;
  table: string;
  form: 'typed' | 'raw';
  /** The table with the rows that the state covers: `table`, or in a refresh its side table. */
  holder: string;
  /** What tells the holder from another table of its name. */
  identity: string;
  /** The names of the holder's columns, hashed and packed. */
  columns: string;
}

/** A table as it is there now. */
export interface FoundTable {
  identity: string;
  columns: readonly string[];
}

const HASH_BYTES = 4;

/** Names of columns as a state keeps them, in any order. */
export function packColumns(names: readonly string[]): string {
  return Buffer.concat(names.map(hash).sort(Buffer.compare)).toString('base64');
}

/** Whether a table lacks a column that it had. @param packed what it had */
export function lacksColumns(packed: string, names: readonly string[]): boolean {
  const had = Buffer.from(packed, 'base64');
  const has = new Set(names.map((name) => hash(name).toString('latin1')));
  for (let i = 0; i + HASH_BYTES <= had.length; i += HASH_BYTES) {
    if (!has.has(had.toString('latin1', i, i + HASH_BYTES))) return true;
  }
  return false;
}

function hash(name: string): Buffer {
  return createHash('sha256').update(name).digest().subarray(0, HASH_BYTES);
}

/** A kept table as text; read back by {@link parseKeptTable}. */
export function keptTableText({ form, holder, identity, columns }: KeptTable): string {
  return JSON.stringify({ form, holder, identity, columns });
}

/** @param place schema and table, of {@link placeText} @returns null where a state is about no table, or it is not known which */
export function parseKeptTable(place: unknown, about: unknown): KeptTable | null {
  if (typeof place !== 'string' || typeof about !== 'string') return null;
  const [schema, table]: [string, string] = JSON.parse(place);
  const kept: Omit<KeptTable, 'schema' | 'table'> = JSON.parse(about);
  return { schema, table, ...kept };
}

/** Schema and table as one text, by which the tables of other pipelines are found. */
export function placeText({ schema, table }: { schema: string; table: string }): string {
  return JSON.stringify([schema, table]);
}

/** How a stream is to go on, given what is there of the table that its state is about. */
export type Standing =
  | { is: 'good' }
  /** The table lacks a column that it had: its field is to be read again. */
  | { is: 'lacking' }
  /** The state does not fit the table: everything is to be loaded again. */
  | { is: 'anew'; why: string }
  /** The same, where the stream's own table has the other form: it is to be dropped. */
  | { is: 'otherForm'; why: string };

/** @param found by name, as the warehouse tells names apart */
export function standingOf(
  kept: KeptTable,
  target: Pick<Target, 'schema' | 'table'>,
  form: KeptTable['form'],
  found: ReadonlyMap<string, FoundTable>,
  names: NameRules,
): Standing {
  const isSame = (one: string, other: string) => names.same(one) === names.same(other);
  if (!isSame(kept.schema, target.schema) || !isSame(kept.table, target.table)) {
    return { is: 'anew', why: `it was written to ${kept.schema}.${kept.table} until now` };
  }
  const holder = found.get(names.same(kept.holder));
  if (kept.form !== form) {
    const isOwn = holder?.identity === kept.identity && isSame(kept.holder, kept.table);
    return { is: isOwn ? 'otherForm' : 'anew', why: `its table was of the form "${kept.form}" until now` };
  }
  if (!holder) return { is: 'anew', why: `the table ${kept.holder} is gone` };
  if (holder.identity !== kept.identity) {
    return { is: 'anew', why: `the table ${kept.holder} was dropped, and another one made in its place` };
  }
  if (!lacksColumns(kept.columns, holder.columns)) return { is: 'good' };
  return form === 'typed' ? { is: 'lacking' } : { is: 'anew', why: `a column of the table ${kept.holder} is gone` };
}

/** That another pipeline writes to the same table. */
export function takenError(
  { stream, table, schema }: Pick<Target, 'stream' | 'table' | 'schema'>,
  pipeline: string,
): WarehouseConfigError {
  return new WarehouseConfigError(
    `The table ${table} of the schema ${schema} is the pipeline "${pipeline}"'s, and each would overwrite the other's rows. Give the ` +
      `stream "${stream}" another table ("name" of the object, table_name, or another schema). If that pipeline is no more, make ` +
      `the table this one's: DELETE FROM "_HUBFLAKE_STATE" WHERE "PIPELINE" = '${pipeline.replaceAll("'", "''")}'.`,
  );
}
