import { Reservoir } from '../../reservoir.js';
import { FALSE_WORDS, TRUE_WORDS } from '../column-types.js';
import { REMOVES } from '../schema-keywords.js';
import { hasTombstones, type Mark, type Target } from '../target.js';

/** The data of a record: JSON in UTF-8, as bytes or as text whose characters are these bytes. */
type Data = Buffer | string;

/** Longer records are not parsed to look for a key that does not stand first. */
const LONGEST_PARSED = 4096;
/** Sets of fields that are told apart. Archived records carry all fields, merged ones a few. */
const MOST_SETS = 8;
/** Names that JSON writes in one way only. */
const PLAIN_NAME = /^[\w $.-]+$/;

/** Stands for every further set of fields. */
export const OTHER_SET = 0;
/** In place of a set: the record is a removal, and no row. */
export const REMOVAL = -1;

/**
 * What is known of a batch's records before they are loaded, which saves statements and keeps the others short. Which records are
 * tombstones the warehouse decides, from the values in its columns; here, records that may be tombstones count as such.
 */
export class BatchContents {
  /** Tells the batch from the run's others. */
  readonly batch: number;
  rows = 0;
  /** Removals: they take rows away, and become no rows themselves. */
  removals = 0;
  /** Records that may be tombstones; all others are none. */
  tombstones = 0;
  /** Whether some of them may delete their rows. */
  mayDelete = false;
  /** Whether rows are left alone that have the same values as their newest versions in the batch. */
  comparesRows = false;
  /** Whether a tombstone's fields are in none of the {@link sets}. */
  hasOtherSets = false;
  /** When records were modified that an increment has found, in epoch ms. */
  readonly modifiedAt = new Reservoir();
  readonly #target: Target;
  readonly #marks: readonly Doubt[];
  readonly #sets = new Map<string, Set<string>>();
  /** What a record begins with whose key is a text and stands first; null where the key is more than one field. */
  readonly #beforeKey: string | null;
  #hasAllKeys = true;
  /** null: not known. */
  #range: { least: string; greatest: string } | null | undefined = undefined;

  constructor(target: Target, batch: number) {
    this.batch = batch;
    this.#target = target;
    this.#marks = hasTombstones(target) ? doubtsOf(target) : [];
    const [key, ...others] = target.key;
    this.#beforeKey = key && others.length === 0 ? `{${JSON.stringify(key.field)}:"` : null;
  }

  /** The sets of fields that tombstones carry; the first has the number 1. */
  get sets(): readonly ReadonlySet<string>[] {
    return [...this.#sets.values()];
  }

  /** Whether every record has a value for its key. */
  get hasAllKeys(): boolean {
    return this.#hasAllKeys && this.#target.key.length > 0;
  }

  /** The least and the greatest key in the order of their bytes, where all of them are texts; null where that is not known. */
  get range(): { least: string; greatest: string } | null {
    return this.#range ?? null;
  }

  /** Takes note of a record. @returns the number of the set of fields that a tombstone carries, or {@link REMOVAL}; null: it is neither */
  add(data: Data): number | null {
    this.rows += 1;
    if (isRemoval(this.#target, data)) {
      this.removals += 1;
      return REMOVAL;
    }
    if (this.#target.mode === 'append_dedup') this.#addKey(data);
    if (!this.#marks.some((mark) => mark.isIn(data))) return null;
    const fields = parse(data);
    const { marks, deletedAt } = this.#target;
    const deletes = deletedAt !== null && (fields[deletedAt.field] ?? null) !== null;
    if (!deletes && !marks.some((mark) => mayHave(mark, fields))) return null;
    this.tombstones += 1;
    this.mayDelete ||= deletes;
    return this.#setOf(Object.keys(fields));
  }

  #setOf(names: readonly string[]): number {
    const text = JSON.stringify([...names].sort());
    const known = [...this.#sets.keys()].indexOf(text);
    if (known >= 0) return known + 1;
    if (this.#sets.size === MOST_SETS) {
      this.hasOtherSets = true;
      return OTHER_SET;
    }
    this.#sets.set(text, new Set(names));
    return this.#sets.size;
  }

  #addKey(data: Data): void {
    const key = this.#beforeKey === null ? null : keyBehind(data, this.#beforeKey);
    if (key !== null) {
      if (this.#range === undefined) this.#range = { least: key, greatest: key };
      else if (this.#range !== null) {
        if (key < this.#range.least) this.#range.least = key;
        if (key > this.#range.greatest) this.#range.greatest = key;
      }
      return;
    }
    this.#range = null;
    if (!this.#hasAllKeys) return;
    const fields = data.length > LONGEST_PARSED ? null : parse(data);
    this.#hasAllKeys = fields !== null && this.#target.key.every(({ field }) => (fields[field] ?? null) !== null);
  }
}

/** Whether a record takes rows away. Only those that name the member are parsed. */
export function isRemoval({ removedBy }: Target, data: Data): boolean {
  if (removedBy.length === 0 || !data.includes(REMOVES)) return false;
  return parse(data)[REMOVES] === true;
}

/** The text that stands first in a record, behind its field's name; null where there is none, or not written plainly. */
function keyBehind(data: Data, before: string): string | null {
  const starts =
    typeof data === 'string' ? data.startsWith(before) : data.toString('latin1', 0, before.length) === before;
  if (!starts) return null;
  const end = data.indexOf('"', before.length);
  const key = typeof data === 'string' ? data.slice(before.length, end) : data.toString('latin1', before.length, end);
  return end <= before.length || key.includes('\\') ? null : key;
}

/** Tells without parsing whether a record may be a tombstone. */
interface Doubt {
  isIn(data: Data): boolean;
}

function doubtsOf({ marks, deletedAt }: Target): Doubt[] {
  return [
    ...marks.map(({ column, value }) => doubt(column.field, value ? ['false', 'null'] : ['true', 'null'])),
    ...(deletedAt === null ? [] : [doubt(deletedAt.field, ['null'])]),
  ];
}

/** @param harmless the values with which a record is none */
function doubt(field: string, harmless: readonly string[]): Doubt {
  if (!PLAIN_NAME.test(field)) return { isIn: () => true };
  const name = JSON.stringify(field);
  return {
    isIn(data) {
      for (let at = data.indexOf(name); at !== -1; at = data.indexOf(name, at + name.length)) {
        const rest = textOf(data, at + name.length, at + name.length + LONGEST_HARMLESS);
        const [, value] = /^\s*:\s*(.*)/s.exec(rest) ?? [];
        if (value !== undefined && !harmless.some((each) => value.startsWith(each))) return true;
      }
      return false;
    },
  };
}

/** A colon, a harmless value, and some white space. */
const LONGEST_HARMLESS = 16;

function textOf(data: Data, start: number, end: number): string {
  return typeof data === 'string' ? data.slice(start, end) : data.toString('latin1', start, end);
}

function mayHave({ column, value }: Mark, fields: Record<string, unknown>): boolean {
  const found = fields[column.field];
  if (typeof found === 'boolean') return found === value;
  if (typeof found === 'string') return (value ? TRUE_WORDS : FALSE_WORDS).includes(found.toLowerCase());
  return typeof found === 'number';
}

function parse(data: Data): Record<string, unknown> {
  return JSON.parse(typeof data === 'string' ? Buffer.from(data, 'latin1').toString('utf8') : data.toString('utf8'));
}
