import { ConfigError } from '../errors.js';
import { log } from '../log.js';
import type { JsonObject, JsonValue } from '../protocol/messages.js';
import type { Column } from './column.js';
import { isSemiStructured } from './column-types.js';
import { wellFormed } from './names.js';

/** What a stream's json_schema says beside its properties, see docs/decisions/0022-history-and-fivetrans-layout.md. */

/** Between which instants each row of a group holds, and which of them does now. */
export interface Validity {
  /** The columns that rows of one group have in common. */
  of: readonly Column[];
  /** From when a row holds. Like `from` and `to` of one of the types for instants. */
  by: Column;
  /** The columns that say so; `from` may be `by` itself. */
  from: Column;
  to: Column;
  current: Column;
  /** So long before the next row begins, the one before it ends. */
  gapMs: number;
  /** Where the last row ends, as ISO 8601; null: nowhere. */
  open: string | null;
}

/** A stream, as far as its keywords are about it. */
interface Keywords {
  stream: string;
  schema: JsonObject;
  columns: readonly Column[];
}

/** The member by which a record says that it is a removal. It is no field, also where the properties list it. */
export const REMOVES = '_hubflake_removes';

/** Marks a property that only says when a row was written. */
export const STAMP = 'hubflake_stamp';

const REMOVALS = 'hubflake_removes';
const VALIDITY = 'hubflake_validity';

/** Whether a stream has records that take rows away. */
export function hasRemovals(schema: JsonObject): boolean {
  return (schema[REMOVALS] ?? null) !== null;
}

/** The columns by whose values a removal takes rows away; none: the stream has no removals. Throws a ConfigError. */
export function removedByOf(keywords: Keywords): Column[] {
  if (!hasRemovals(keywords.schema)) return [];
  return groupOf(keywords, REMOVALS, 'by', membersOf(keywords, REMOVALS).by);
}

/**
 * The validity of rows that a schema asks for. Throws a ConfigError where that is malformed, or where a batch could
 * change a group that none of its lines belongs to.
 *
 * @param key the columns by which a newer row replaces an older one; empty: none does
 * @returns null: it asks for nothing, or users of Airbyte did not select one of the fields to be computed
 */
export function validityOf(keywords: Keywords, removedBy: readonly Column[], key: readonly Column[]): Validity | null {
  if ((keywords.schema[VALIDITY] ?? null) === null) return null;
  const given = membersOf(keywords, VALIDITY);
  const unselected = ['from', 'to', 'current']
    .map((name) => given[name])
    .find((name) => typeof name === 'string' && fieldOf(keywords, name) === undefined);
  if (unselected !== undefined) {
    log.warn(`${keywords.stream}: its rows are not dated, since ${unselected} is not selected.`);
    return null;
  }
  const { gap_ms: gapMs = 0, open = null } = given;
  const field = (name: string) => columnOf(keywords, VALIDITY, name, given[name]);
  const of = groupOf(keywords, VALIDITY, 'of', given.of);
  const [by, from, to, current] = [field('by'), field('from'), field('to'), field('current')];
  const refuse = (why: string) => refused(keywords, VALIDITY, why);
  if (typeof gapMs !== 'number' || !Number.isSafeInteger(gapMs) || gapMs < 0) {
    throw refuse('"gap_ms" should be a whole number of milliseconds.');
  }
  if (open !== null && !isInstant(open)) {
    throw refuse('"open" should be null, or an instant such as "9999-12-31T23:59:59.999Z".');
  }
  const validity = { of, by, from, to, current, gapMs, open };
  if (!isComputable(validity))
    throw refuse('"by", "from" and "to" should be instants of one type, and "current" a boolean.');
  const isWithin = (some: readonly Column[], all: readonly Column[]) => some.every((column) => all.includes(column));
  if (!isWithin(removedBy, of) && !isWithin(of, removedBy)) {
    throw refuse(`"of" should have all the fields of "${REMOVALS}", or those all fields of "of".`);
  }
  if (key.length > 0 && !isWithin(of, key)) {
    throw refuse(
      '"of" should be part of the primary key: a row that moved to another group would leave the one that it came from as it was.',
    );
  }
  return validity;
}

/** As the warehouses read it, too: with its date, and a time. */
function isInstant(value: JsonValue): value is string {
  return typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T/.test(value) && !Number.isNaN(Date.parse(value));
}

/** Whether these columns have types in which their validity can be computed. */
export function isComputable({ by, from, to, current }: Validity): boolean {
  return (
    ['timestamp_tz', 'timestamp'].includes(by.type) &&
    from.type === by.type &&
    to.type === by.type &&
    current.type === 'boolean'
  );
}

function membersOf(keywords: Keywords, keyword: string): JsonObject {
  const given = keywords.schema[keyword];
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return given;
  throw refused(keywords, keyword, 'it should be an object.');
}

/** The columns of a list of fields. Lists and objects are equal in no way that both warehouses know. */
function groupOf(keywords: Keywords, keyword: string, member: string, given: JsonValue | undefined): Column[] {
  if (!Array.isArray(given) || given.length === 0)
    throw refused(keywords, keyword, `"${member}" should be a list of fields.`);
  const columns = [...new Set(given.map((name) => columnOf(keywords, keyword, member, name)))];
  const other = columns.find(({ type }) => isSemiStructured(type));
  if (other) throw refused(keywords, keyword, `"${other.field}" should be of one type, and no list or object.`);
  return columns;
}

function columnOf(keywords: Keywords, keyword: string, member: string, name: JsonValue | undefined): Column {
  if (typeof name !== 'string') throw refused(keywords, keyword, `"${member}" names no field.`);
  return fieldOf(keywords, name) ?? refuseField(keywords, keyword, name);
}

function fieldOf({ columns }: Keywords, name: string): Column | undefined {
  return columns.find(({ field }) => field === wellFormed(name));
}

function refuseField(keywords: Keywords, keyword: string, name: string): never {
  throw refused(keywords, keyword, `its schema has no field "${name}".`);
}

function refused({ stream }: Keywords, keyword: string, why: string): ConfigError {
  return new ConfigError(
    `The stream "${stream}" cannot be written by what its json_schema says in "${keyword}": ${why}`,
  );
}
