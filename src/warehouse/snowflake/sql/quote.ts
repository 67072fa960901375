import { createHash } from 'node:crypto';
import { quotedName as identifier, type NameRules, wellFormed } from '../../names.js';

/**
 * Names and values as SQL text. Every name from outside goes through {@link identifier} and every value through
 * {@link literal} or a bind, so that none can be read as SQL.
 */

/** https://docs.snowflake.com/en/sql-reference/identifiers-syntax */
const LONGEST_IDENTIFIER = 255;

/**
 * Bytes that a statement's text may have, with room for what is around the part that is measured. Snowflake takes 1 MB:
 * https://docs.snowflake.com/en/user-guide/query-size-limits
 */
export const LONGEST_STATEMENT = 900_000;

/** Streams, columns and tables in capital letters, as Airbyte's destination names them; schemas as they are written. */
export const SNOWFLAKE_NAMES: NameRules = {
  identifier: (name, kind) => (kind === 'schema' ? name : name.toUpperCase()),
  // Quoted identifiers are told apart to the letter.
  same: (identifier) => identifier,
  longest: LONGEST_IDENTIFIER,
};

export { identifier };

/**
 * A name where SQL or a login takes it with or without quotes: as it is where Snowflake would not read it as another, since that is how
 * people write it.
 */
export function bareOrQuoted(name: string): string {
  return /^[A-Z_][A-Z0-9_$]*$/.test(name) ? name : identifier(name);
}

/** Snowflake reads backslashes in quoted text as escapes. */
export function literal(text: string): string {
  return `'${wellFormed(text).replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** A name with its schema and database before it. */
export function qualified(...parts: string[]): string {
  return parts.map(identifier).join('.');
}

/** A name with a suffix, as an identifier: a long name is cut, and a hash of the whole keeps it apart from others. */
export function withSuffix(name: string, suffix: string): string {
  if (name.length + suffix.length <= LONGEST_IDENTIFIER) return name + suffix;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8).toUpperCase();
  return `${name.slice(0, LONGEST_IDENTIFIER - suffix.length - hash.length - 1)}_${hash}${suffix}`;
}

/** A pattern for LIKE that matches a name, and some alike: compare what is found. */
export function pattern(name: string): string {
  return literal(name.replace(/[\\%]/g, '\\$&'));
}

/** A pattern for LIKE that matches what begins with a name, and some alike: compare what is found. */
export function beginning(name: string): string {
  return literal(`${name.replace(/[\\%]/g, '\\$&')}%`);
}
