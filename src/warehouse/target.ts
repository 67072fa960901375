import { ConfigError } from '../errors.js';
import { log } from '../log.js';
import type { ConfiguredStream, JsonObject, JsonValue } from '../protocol/messages.js';
import type { Column } from './column.js';
import { columnType } from './column-types.js';
import { columnNames, type NameRules, tableName, wellFormed } from './names.js';
import { hasRemovals, REMOVES, removedByOf, STAMP, type Validity, validityOf } from './schema-keywords.js';

/** hubflake's own tables: states, deleted keys, stages, what syncs did, what verifications found and compare with. */
const OURS = /^_hubflake_(state|tombstones|verifications|syncs|(stage|verify)_.*)$/i;

export type WriteMode = 'append' | 'append_dedup' | 'overwrite';

/** A boolean column that has this value on tombstones only. */
export interface Mark {
  column: Column;
  value: boolean;
}

/** What a raw table's view has behind the table's name. */
export const VIEW_SUFFIX = '_VIEW';

/** The column of Airbyte's change data capture: when it is set, the source has deleted the record. */
export const DELETED_AT = '_ab_cdc_deleted_at';

/** The columns by which rows are told apart, and the versions of each; and what a deletion does. */
export interface RowRules {
  /** The columns that tell rows apart, for append_dedup. */
  key: Column[];
  /** The column that tells which of two versions is newer, or null: extraction time decides. */
  cursor: Column | null;
  /** Whether extraction time decides all the same: what is written was read by id, and rows may have wrong cursors. */
  isMending?: boolean;
  /** The boolean columns that mark a tombstone, each by one value. */
  marks: readonly Mark[];
  /** The column of deletion times, or null. */
  deletedAt: Column | null;
  hardDeletes: boolean;
  /** The columns by whose values a removal takes rows away; none: the stream has no removals. */
  removedBy: readonly Column[];
  /** The columns that are computed anew behind each batch; null: there are none. */
  validity: Validity | null;
}

/**
 * A stream as its messages describe it, and the table that it asks for. A `ColumnMapping` says where its fields lie in
 * an existing table; a `DestinationTable`, where its rows go.
 */
export interface Target extends RowRules {
  stream: string;
  namespace: string | null;
  schema: string;
  table: string;
  mode: WriteMode;
  /** Its fields, with the columns that a new table would have for them. */
  columns: Column[];
  generation: number;
  /** Whether the generation was given. Otherwise it is that of the table's newest rows, so that these do not count as newer. */
  hasGeneration: boolean;
  /** Rows of older generations go when the stream is complete. */
  minimumGeneration: number;
  syncId: number | null;
}

/** Whether a stream has tombstones: records that say that another one is gone, or no longer wanted. */
export function hasTombstones({ marks, deletedAt }: RowRules): boolean {
  return marks.length > 0 || deletedAt !== null;
}

/** Whether a stream's deletions take rows away. */
export function canDelete({ hardDeletes, deletedAt }: RowRules): boolean {
  return hardDeletes && deletedAt !== null;
}

export interface TargetOptions {
  schema: string;
  tableName: string | null;
  hardDeletes: boolean;
  names: NameRules;
  /** Raw tables have views beside them. */
  tableForm: 'typed' | 'raw';
}

/** Makes targets of a catalog's streams. Throws a ConfigError where two streams would share a table, or a key is missing. */
export function targetsOf(streams: readonly ConfiguredStream[], options: TargetOptions): Target[] {
  return eachTarget(streams, options).map((target) => {
    if (target instanceof ConfigError) throw target;
    return target;
  });
}

/**
 * The target of each stream; or why it has none, as where one before it has the table or view already. Throws a ConfigError where
 * none can have one.
 */
export function eachTarget(streams: readonly ConfiguredStream[], options: TargetOptions): (Target | ConfigError)[] {
  if (options.tableName !== null && streams.length > 1) {
    throw new ConfigError(
      `table_name is "${options.tableName}", but there are ${streams.length} streams, and one table holds one stream. Leave table_name out, or write one stream.`,
    );
  }
  const names = streams.map(({ stream }) => stream.name);
  const again = names.find((name, index) => names.indexOf(name) !== index);
  if (again !== undefined) {
    throw new ConfigError(
      `The catalog has the stream "${again}" more than once. Write those of other namespaces with a catalog of their own.`,
    );
  }
  const taken = new Map<string, Target>();
  const placeOf = ({ schema }: Target, name: string) => options.names.same(`${schema}.${name}`);
  return streams.map((configured) => {
    try {
      const target = targetOf(configured, options);
      const used = [target.table, ...(options.tableForm === 'raw' ? [target.table + VIEW_SUFFIX] : [])];
      for (const name of used) refuseTaken(target, name, taken.get(placeOf(target, name)));
      for (const name of used) taken.set(placeOf(target, name), target);
      return target;
    } catch (error) {
      if (error instanceof ConfigError) return error;
      throw error;
    }
  });
}

function refuseTaken({ stream, table }: Target, name: string, other: Target | undefined): void {
  if (OURS.test(table)) {
    throw new ConfigError(
      `The stream "${stream}" would have the table ${table}, which is one of hubflake's own. Rename the stream.`,
    );
  }
  if (!other) return;
  throw new ConfigError(
    `The streams "${other.stream}" and "${stream}" would share the table or view ${name}. Rename one of them.`,
  );
}

function targetOf(configured: ConfiguredStream, options: TargetOptions): Target {
  const { stream, destination_sync_mode: mode } = configured;
  if (mode === 'update' || mode === 'soft_delete') {
    throw new ConfigError(
      `The stream "${stream.name}" asks for the mode ${mode}, which only destinations for activation have.`,
    );
  }
  const properties = propertiesOf(stream.json_schema);
  if (hasRemovals(stream.json_schema)) properties.delete(REMOVES);
  const names = columnNames([...properties.keys()], options.names);
  const columns = [...properties].map(([field, schema], index): Column => {
    const name = names[index] ?? field;
    const column = { field, name, type: columnType(schema), comment: commentOf(schema) };
    return memberOf(schema, STAMP) === true ? { ...column, isStamp: true } : column;
  });
  const column = (path: readonly string[] = []) => {
    const [name, ...nested] = path;
    return columns.find(({ field }) => name !== undefined && nested.length === 0 && field === wellFormed(name));
  };
  const paths = configured.primary_key?.length ? configured.primary_key : (stream.source_defined_primary_key ?? []);
  const key = paths.map((path) => column(path) ?? missingKey(stream.name, path));
  if (mode === 'append_dedup' && key.length === 0) {
    throw new ConfigError(
      `The stream "${stream.name}" is to be deduplicated, but has no primary key. Use append or overwrite.`,
    );
  }
  const keywords = { stream: stream.name, schema: stream.json_schema, columns };
  const removedBy = removedByOf(keywords);
  // Appended rows stay as they were seen.
  const validity = mode === 'append' ? null : validityOf(keywords, removedBy, mode === 'append_dedup' ? key : []);
  const cursorPath = configured.cursor_field?.length ? configured.cursor_field : stream.default_cursor_field;
  return {
    stream: stream.name,
    namespace: stream.namespace ?? null,
    schema: options.names.identifier(wellFormed(stream.namespace ?? options.schema), 'schema'),
    table: tableName(wellFormed(options.tableName ?? stream.name), options.names),
    mode,
    columns,
    key,
    cursor: column(cursorPath ?? undefined) ?? null,
    marks: columns.flatMap((each) => {
      const value = memberOf(properties.get(each.field), 'hubflake_tombstone');
      return typeof value === 'boolean' ? [{ column: each, value }] : [];
    }),
    deletedAt: column([DELETED_AT]) ?? null,
    hardDeletes: options.hardDeletes,
    removedBy,
    validity: isComputed(stream.name, options, validity) ? validity : null,
    generation: configured.generation_id ?? 0,
    hasGeneration: typeof configured.generation_id === 'number',
    minimumGeneration: configured.minimum_generation_id ?? 0,
    syncId: configured.sync_id ?? null,
  };
}

/** Whether a stream's validity is computed. A raw table has each record as it came. */
function isComputed(stream: string, { tableForm }: TargetOptions, validity: Validity | null): boolean {
  if (validity === null) return false;
  if (tableForm !== 'raw') return true;
  log.warn(
    `${stream}: in raw tables, ${validity.to.field} and ${validity.current.field} stay what each record says; they are not computed anew.`,
  );
  return false;
}

/** The properties by the names that they have in spooled records; of two that would be the same there, the first. */
function propertiesOf(schema: JsonObject): Map<string, JsonValue> {
  const named = new Map<string, JsonValue>();
  const { properties } = schema;
  if (!isObject(properties)) return named;
  for (const [name, property] of Object.entries(properties)) {
    const known = wellFormed(name);
    if (property !== undefined && (named.get(known) ?? null) === null) named.set(known, property);
  }
  return named;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A member of a JSON Schema, which may be no object. */
function memberOf(schema: JsonValue | undefined, name: string): JsonValue | undefined {
  return isObject(schema) ? schema[name] : undefined;
}

function missingKey(stream: string, path: readonly string[]): never {
  throw new ConfigError(
    `The primary key "${path.join('.')}" of the stream "${stream}" is not a top-level field of its schema. Choose another key, or append.`,
  );
}

function commentOf(schema: JsonValue): string | null {
  const texts = [memberOf(schema, 'title'), memberOf(schema, 'description')].filter(
    (text) => typeof text === 'string' && text !== '',
  );
  return texts.length > 0 ? [...new Set(texts)].join('\n') : null;
}
