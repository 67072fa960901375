import type { Column } from '../../column.js';
import { isSemiStructured } from '../../column-types.js';
import { hasTombstones, type RowRules } from '../../target.js';
import type { Batch } from './batch.js';
import { field, isCarried, member, typeOf, value } from './fields.js';
import { lines } from './lines.js';
import { literal } from './quote.js';
import { booleanExpression, castExpression, keepsText, newType, type SqlType, takesAnything } from './types.js';
import { notOlder } from './versions.js';

/**
 * How the rows of a batch are made from its stage table, whose one column V holds a spooled line, see `SpoolWriter`.
 * Compiled as nested queries, each of which only needs the names of the one inside; all of these names are ours.
 */

/** The metadata columns of a table, with what they are called in a batch's rows. */
export const METADATA = [
  { name: '_AIRBYTE_RAW_ID', alias: 'HF_ID', type: 'VARCHAR' },
  { name: '_AIRBYTE_EXTRACTED_AT', alias: 'HF_AT', type: 'TIMESTAMP_TZ' },
  { name: '_AIRBYTE_META', alias: 'HF_META', type: 'VARIANT' },
  { name: '_AIRBYTE_GENERATION_ID', alias: 'HF_GENERATION', type: 'NUMBER(38,0)' },
] as const;

/** What tells the rows of a stream apart. */
export function keyValues(batch: Batch): string[] {
  return batch.mapping.key.map((column) => value(batch, column));
}

function isTombstone(batch: Batch): string {
  const { mapping } = batch;
  const marks = [
    ...mapping.marks.map(({ column, value }) => {
      const given = booleanExpression(field('D', column, newType('boolean')));
      return `COALESCE(${given} = ${value}, FALSE)`;
    }),
    ...(mapping.deletedAt ? [isDeleted(batch)] : []),
  ];
  return marks.length > 0 ? marks.join(' OR ') : 'FALSE';
}

/** By the value that its column takes: text that is no time deletes nothing. */
function isDeleted(batch: Batch): string {
  const { deletedAt } = batch.mapping;
  return deletedAt === null ? 'FALSE' : `${value(batch, deletedAt)} IS NOT NULL`;
}

/** Returns a row if the table has a batch's first line: then it has all lines, since they were inserted at once. */
export function firstInserted(batch: Batch, table: string): string {
  const first = `SELECT ${rawId(batch.idPrefix, 'MIN(N)')} FROM (${lines({ ...batch, guard: null })})`;
  return `SELECT 1 FROM ${table} WHERE "_AIRBYTE_RAW_ID" = (${first}) LIMIT 1`;
}

/** A row, where some line of a batch leaves one by itself, as a tombstone of a deduplicated stream does not. */
export function firstLive(batch: Batch): string {
  if (batch.target.mode !== 'append_dedup') return `SELECT 1 FROM (${lines(batch)}) LIMIT 1`;
  return `SELECT 1 FROM (SELECT ${isTombstone(batch)} AS TOMB FROM (${lines(batch)})) WHERE NOT TOMB LIMIT 1`;
}

/** How many lines leave rows, whoever may write them. */
export function countRows(batch: Batch): string {
  return `SELECT COUNT(*) AS ALL_ROWS FROM (${lines({ ...batch, guard: null })})`;
}

/** Every line as a row. */
export function allRows(batch: Batch): string {
  return batch.typed ?? typed(batch, lines(batch), []);
}

/**
 * Of each key, its newest version: by cursor, then extraction, then line; nulls are oldest. Where that is a tombstone, the
 * newest live version in the batch gives what the tombstone does not carry.
 *
 * Beside the columns of {@link allRows}: TOMB, DELETED (by `_ab_cdc_deleted_at`), S (the set of fields that a tombstone carries), D (the
 * newest version's data), VERSION (its cursor); LIVE (whether there is a live version in the batch), LIVE_VERSION and LIVE_AT (its cursor and extraction time).
 */
export function newestRows(batch: Batch): string {
  return batch.typed ?? typed(batch, newestLines(batch), versionColumns(batch.mapping), fallbackOf(batch.mapping));
}

/** What {@link newestRows} have besides. */
export function versionColumns(rules: RowRules): string[] {
  if (!hasTombstones(rules)) return ['VERSION'];
  return ['TOMB', 'DELETED', 'S', 'D', 'VERSION', 'LIVE', 'LIVE_VERSION', `${instant('LIVE_T')} AS LIVE_AT`];
}

/** The data from which fields are taken that the newest line does not carry. */
export function fallbackOf(rules: RowRules): string | undefined {
  return hasTombstones(rules) ? 'LIVE_D' : undefined;
}

/**
 * The lines that {@link newestRows} are made of: N, T, M, D, TOMB, DELETED, VERSION; where there are tombstones also LIVE,
 * LIVE_D, LIVE_T, LIVE_VERSION.
 *
 * @param keys expressions on D that tell rows apart, as K0, K1, …
 */
export function newestLines(batch: Batch, keys: readonly string[] = keyValues(batch)): string {
  const { mapping } = batch;
  const names = keys.map((_, i) => `K${i}`).join(', ');
  const set = hasTombstones(mapping) ? ', S' : '';
  const flagged = [
    `SELECT N, T, M, D${set}, ${isTombstone(batch)} AS TOMB, ${isDeleted(batch)} AS DELETED`,
    ...keys.map((key, i) => `${key} AS K${i}`),
    `${mapping.cursor ? value(batch, mapping.cursor) : 'NULL'} AS VERSION FROM (${lines(batch)})`,
  ].join(', ');
  const age = [...(mapping.cursor ? ['VERSION DESC NULLS LAST'] : []), 'T DESC', 'N DESC'].join(', ');
  const live = (name: string) => `FIRST_VALUE(${name}) OVER (PARTITION BY ${names} ORDER BY TOMB, ${age})`;
  const newestLive = hasTombstones(mapping)
    ? `, ${live('D')} AS LIVE_D, ${live('VERSION')} AS LIVE_VERSION, ${live('T')} AS LIVE_T, NOT ${live('TOMB')} AS LIVE`
    : '';
  return (
    `SELECT N, T, M, D${set}, TOMB, DELETED, VERSION, ${names}${newestLive} FROM (${notDeleted(batch, flagged, keys.length)}) ` +
    `QUALIFY ROW_NUMBER() OVER (PARTITION BY ${names} ORDER BY ${age}) = 1`
  );
}

/**
 * The lines without those that are older than the deletion of their key. The table of deleted keys may have a key
 * twice, where two runs added it at once.
 */
function notDeleted(batch: Batch, flagged: string, keys: number): string {
  const { target, mapping, tombstones } = batch;
  if (!tombstones) return flagged;
  const cursor = mapping.cursor === null ? '' : `${rememberedCursor(batch)} DESC NULLS LAST, `;
  const remembered =
    `SELECT * FROM ${tombstones} t WHERE t."TABLE_NAME" = ${literal(target.table)} QUALIFY ROW_NUMBER() OVER ` +
    `(PARTITION BY t."KEY" ORDER BY t."_AIRBYTE_GENERATION_ID" DESC, ${cursor}t."_AIRBYTE_EXTRACTED_AT" DESC) = 1`;
  const own = `SELECT *, ${keyAsText(keys)} AS HF_KEY, ${instant('T')} AS HF_AT, ${batch.generation} AS HF_GENERATION FROM (${flagged})`;
  const newer = notOlder(mapping, 's.VERSION', 's.HF_AT', rememberedCursor(batch));
  return `SELECT s.* FROM (${own}) s LEFT JOIN (${remembered}) t ON EQUAL_NULL(s.HF_KEY, t."KEY") WHERE t."TABLE_NAME" IS NULL OR ${newer}`;
}

/** The cursor that is remembered of a deletion, as the stream's column has it. */
export function rememberedCursor(batch: Batch): string {
  const { cursor } = batch.mapping;
  return cursor === null ? 'NULL' : castExpression(typeOf(batch, cursor), 't."CURSOR"');
}

/** The keys K0, K1, … as one text. */
function keyAsText(keys: number): string {
  if (keys === 1) return 'K0::VARCHAR';
  const parts = Array.from({ length: keys }, (_, i) => `COALESCE(TO_JSON(TO_VARIANT(K${i}::VARCHAR)), 'null')`);
  return `'[' || ${parts.join(" || ',' || ")} || ']'`;
}

/** Of each key whose newest version deletes it: HF_KEY, HF_CURSOR (as text), VERSION, T. */
export function deletedVersions(batch: Batch, keys: readonly string[]): string {
  const { cursor } = batch.mapping;
  const text = cursor === null ? 'NULL::VARCHAR' : `${member('D', cursor.field)}::VARCHAR`;
  return `SELECT ${keyAsText(keys.length)} AS HF_KEY, ${text} AS HF_CURSOR, VERSION, T FROM (${newestLines({ ...batch, tombstones: null }, keys)}) WHERE DELETED`;
}

/**
 * Rows with the metadata columns and C0, C1, … for the mapping's columns; each value that is none of its column's type is NULL,
 * and noted in HF_META.
 *
 * @param source a query with N, T, M and D
 * @param extra further columns of the source to keep
 * @param fallback the data that a field is taken from which D does not carry
 */
function typed(batch: Batch, source: string, extra: readonly string[], fallback?: string): string {
  const { mapping } = batch;
  const kept = ['N', 'T', 'M', 'D', ...extra.map(nameOf).filter((name) => name !== 'D')];
  const { query, notes } = values(batch, source, withExpressions(kept, extra), fallback);
  return [
    `SELECT ${metadata(batch, concat([CHANGES_OF_THE_SOURCE, ...notes]))}`,
    ...extra.map(nameOf),
    `${mapping.columns.map((_, i) => `C${i}`).join(', ')} FROM (${query})`,
  ].join(', ');
}

/**
 * A query with C0, C1, … for the mapping's columns, and the expressions on it that give the text of their change entries.
 *
 * @param kept what else is kept of the source
 */
export function values(
  { mapping, types }: Batch,
  source: string,
  kept: readonly string[],
  fallback?: string,
): { query: string; notes: string[] } {
  const typed = mapping.columns.map((column, i) => ({ column, type: types[i] ?? newType(column.type) }));
  const texts = typed.map(({ column, type }, i) => {
    if (fallback === undefined) return `${field('D', column, type)} AS X${i}`;
    return `IFF(${isCarried('D', column)}, ${field('D', column, type)}, ${field(fallback, column, type)}) AS X${i}`;
  });
  const cast = typed.map(({ type }, i) =>
    type.kind === 'string' && takesAnything(type) ? `X${i} AS C${i}` : `${castExpression(type, `X${i}`)} AS C${i}`,
  );
  const notes = typed.flatMap(({ column, type }, i) => (takesAnything(type) ? [] : [note(column, type, i)]));
  const inner = `SELECT ${[...kept, ...texts].join(', ')} FROM (${source})`;
  return { query: `SELECT *, ${cast.join(', ')} FROM (${inner})`, notes };
}

/** The metadata columns. @param noted the text of the change entries, each with a comma before it */
export function metadata({ idPrefix, target, generation }: Batch, noted = CHANGES_OF_THE_SOURCE): string {
  const sync = target.syncId === null ? '' : `"sync_id":${target.syncId},`;
  return [
    `${rawId(idPrefix, 'N')} AS HF_ID`,
    `${instant('T')} AS HF_AT`,
    `PARSE_JSON(${literal(`{${sync}"changes":[`)} || SUBSTR(${noted}, 2) || ']}') AS HF_META`,
    `${generation} AS HF_GENERATION`,
  ].join(', ');
}

/** One call for all, since a chain of operators is as deep as it is long. */
export function concat(texts: readonly string[]): string {
  return texts.length === 1 ? texts.join('') : `CONCAT(${texts.join(', ')})`;
}

function rawId(prefix: string, line: string): string {
  return `${literal(prefix)} || LPAD(${line}::VARCHAR, 12, '0')`;
}

function nameOf(expression: string): string {
  return expression.split(' AS ').at(-1) ?? expression;
}

/** The expressions that give the names: those of `extra` that compute something, else the plain names. */
function withExpressions(names: readonly string[], extra: readonly string[]): string[] {
  return names.map((name) => extra.find((each) => nameOf(each) === name) ?? name);
}

/** The change entries that came with the record, each with a comma before it. */
export const CHANGES_OF_THE_SOURCE = "IFF(IS_ARRAY(M), ',' || SUBSTR(TO_JSON(M), 2, LENGTH(TO_JSON(M)) - 2), '')";

/** A change entry, with a comma before it, where a value had to be left out. */
function note(column: Column, type: SqlType, index: number): string {
  const entry = `,{"field":${JSON.stringify(column.field)},"change":"NULLED","reason":"DESTINATION_TYPECAST_ERROR"`;
  const x = `X${index}`;
  const given = isSemiStructured(type.kind) ? `NOT COALESCE(IS_NULL_VALUE(${x}), TRUE)` : `${x} IS NOT NULL`;
  const text = keepsText(type)
    ? `${literal(`${entry},"value":`)} || TO_JSON(TO_VARIANT(LEFT(${x}, 1000))) || '}'`
    : literal(`${entry}}`);
  return `IFF(C${index} IS NULL AND ${given}, ${text}, '')`;
}

export function instant(milliseconds: string): string {
  return `DATEADD(millisecond, ${milliseconds}, TO_TIMESTAMP_TZ('1970-01-01T00:00:00Z'))`;
}
