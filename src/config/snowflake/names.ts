/**
 * Names of roles, warehouses, databases and schemas in configurations. Inside hubflake, names are always unquoted and in the case
 * in which Snowflake stores them.
 * https://docs.snowflake.com/en/sql-reference/identifiers-syntax
 */

const QUOTED = /^"(?:[^"]|"")+"$/s;

/** The name without its SQL quotes, if it has any. Its case is significant either way. */
export function unquotedName(name: string): string {
  return QUOTED.test(name) ? name.slice(1, -1).replaceAll('""', '"') : name;
}

/** The name as SQL resolves it: upper-cased unless quoted. */
export function sqlName(name: string): string {
  return QUOTED.test(name) ? unquotedName(name) : name.toUpperCase();
}
