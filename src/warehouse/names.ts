import { createHash } from 'node:crypto';

/** How a warehouse treats identifiers. */
export interface NameRules {
  /** The identifier for a name as the warehouse will hold it. */
  identifier(name: string, kind: 'schema' | 'table' | 'column'): string;
  /** A form that is equal for identifiers that the warehouse does not tell apart. */
  same(identifier: string): string;
  longest: number;
}

const SUFFIX = 9;

/** The columns that every table has besides those of the stream, in the order they stand in. */
export const METADATA_COLUMNS = [
  '_airbyte_raw_id',
  '_airbyte_extracted_at',
  '_airbyte_meta',
  '_airbyte_generation_id',
] as const;

/**
 * The column for each field of a table that is made anew, one to one: fields whose identifiers the warehouse would take for the
 * same (by case, or cut at the greatest length) keep the first come as it is, and give the others a suffix that depends on the
 * field's name only. In an existing table, the columns that it has decide, see `mapColumns`.
 */
export function columnNames(fields: readonly string[], rules: NameRules): string[] {
  const taken = new TakenNames(rules);
  return fields.map((field) => taken.take(namesOf(field, rules)));
}

/** The names that a field's first column may have, the best first. The last is no other field's. */
export function namesOf(field: string, rules: NameRules): string[] {
  const hashed = withHash(rules.identifier(field === '' ? '_empty' : field, 'column'), field, rules, 'column');
  // A column must have a name, and one that is cut is no longer the field's own.
  if (field === '' || rules.identifier(field, 'column').length > rules.longest) return [hashed];
  return [rules.identifier(field, 'column'), hashed];
}

/** The names that a field's column of another type may have, beside the one it has, the best first. */
export function namesBeside(field: string, type: string, rules: NameRules): string[] {
  const typed = rules.identifier(`${field === '' ? '_empty' : field}_${type}`, 'column');
  const hashed = withHash(typed, `${field}\0${type}`, rules, 'column');
  return typed.length > rules.longest ? [hashed] : [typed, hashed];
}

/** A table's name, cut to what the warehouse takes; a hash of the whole keeps what is cut apart. */
export function tableName(name: string, rules: NameRules): string {
  const plain = rules.identifier(name, 'table');
  return plain.length <= rules.longest ? plain : withHash(plain, name, rules, 'table');
}

/** Names of columns that are taken. */
export class TakenNames {
  readonly #rules: NameRules;
  readonly #taken: Set<string>;

  constructor(rules: NameRules, taken: Iterable<string> = []) {
    this.#rules = rules;
    const metadata = METADATA_COLUMNS.map((name) => rules.identifier(name, 'column'));
    this.#taken = new Set([...metadata, ...taken].map((name) => rules.same(name)));
  }

  /** Takes the first name that is free, or else the last with a number. */
  take(names: readonly string[]): string {
    const last = names.at(-1) ?? '';
    let name = names.find((each) => !this.#taken.has(this.#rules.same(each))) ?? last;
    for (let n = 2; this.#taken.has(this.#rules.same(name)); n += 1) name = `${last.slice(0, -3)}_${n}`;
    this.#taken.add(this.#rules.same(name));
    return name;
  }
}

/**
 * A name or text as a record's spooled line has it, and every statement: NUL, which ends a statement's text in a driver, and halves
 * of surrogate pairs, which cannot be sent, are U+FFFD there.
 */
export function wellFormed(text: string): string {
  return text.replace(/\0|\p{Surrogate}/gu, '\ufffd');
}

/** A name as an identifier of SQL, as both warehouses read it. */
export function quotedName(name: string): string {
  return `"${wellFormed(name).replaceAll('"', '""')}"`;
}

/** A name with a hash of what it is for behind it, no longer than the warehouse takes. */
export function withHash(name: string, whole: string, rules: NameRules, kind: 'table' | 'column'): string {
  const hash = createHash('sha256')
    .update(whole)
    .digest('hex')
    .slice(0, SUFFIX - 1);
  // Half a surrogate pair at the cut would be read back as another name.
  return rules.identifier(`${name.slice(0, rules.longest - SUFFIX).replace(/[\ud800-\udbff]$/, '')}_${hash}`, kind);
}

/** Field names beyond this are not written into comments: their columns' names are hashes of them. */
const LONGEST_RECORDED = 255;

/**
 * The comment of a field's column: label and description, and behind them whose it is. That is the memory of which field has
 * which column: it comes and goes with the column, and costs no statement of its own.
 */
export function commentWithField(comment: string | null, field: string): string {
  // The line's end keeps a description from being taken for ours.
  if (field.length > LONGEST_RECORDED) return comment === null ? '' : `${comment}\n`;
  return `${comment === null ? '' : `${comment}\n`}Field: ${JSON.stringify(field)}`;
}

/** The field that a column's comment names, last where others have written into it; null where it names none. */
export function fieldOfComment(comment: string | null): string | null {
  // What is only a description ends in a line's end, see commentWithField.
  if (comment?.endsWith('\n')) return null;
  const quoted = [...(comment ?? '').matchAll(/(?:^|\s)Field: ("(?:[^"\\\n]|\\.)*")/g)].at(-1)?.[1];
  if (quoted === undefined) return null;
  try {
    return JSON.parse(quoted);
  } catch {
    return null;
  }
}
