import { createHash } from 'node:crypto';

/** How a warehouse treats identifiers. */
export interface NameRules {
  /** The identifier for a name as the warehouse will hold it. */
  identifier(name: string, kind: 'schema' | 'table' | 'column'): string;
  /** What is equal for two identifiers that the warehouse takes for the same. */
  same(identifier: string): string;
  longest: number;
}

const SUFFIX = 9;

/**
 * The column for each field, one to one: fields whose identifiers the warehouse would take for the same (by case, or cut at
 * the greatest length) keep the first come as it is, and give the others a suffix that depends on the field's name only.
 */
export function columnNames(fields: readonly string[], rules: NameRules): string[] {
  const taken = new Set<string>(METADATA_COLUMNS.map((name) => rules.same(rules.identifier(name, 'column'))));
  return fields.map((field) => {
    const plain = rules.identifier(field === '' ? '_empty' : field, 'column');
    const fits = plain.length <= rules.longest;
    const name = fits && !taken.has(rules.same(plain)) ? plain : withSuffix(plain, field, rules);
    taken.add(rules.same(name));
    return name;
  });
}

/** The columns that every table has besides those of the stream, in the order they stand in. */
export const METADATA_COLUMNS = [
  '_airbyte_raw_id',
  '_airbyte_extracted_at',
  '_airbyte_meta',
  '_airbyte_generation_id',
] as const;

function withSuffix(name: string, field: string, rules: NameRules): string {
  const hash = createHash('sha256')
    .update(field)
    .digest('hex')
    .slice(0, SUFFIX - 1);
  return rules.identifier(`${name.slice(0, rules.longest - SUFFIX)}_${hash}`, 'column');
}
