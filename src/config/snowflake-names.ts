/**
 * Names of roles, warehouses, databases and schemas as people write them. Inside hubflake a name is always as Snowflake shows it.
 * https://docs.snowflake.com/en/sql-reference/identifiers-syntax
 */

const QUOTED = /^"(?:[^"]|"")+"$/s;

/** A name of a configuration, where it is as Snowflake shows it; the quotes of who writes it as SQL are left out. */
export function shownName(name: string): string {
  return QUOTED.test(name) ? name.slice(1, -1).replaceAll('""', '"') : name;
}

/** A name as SQL and Snowflake's own tools read it: in capital letters where it is not quoted. */
export function sqlName(name: string): string {
  return QUOTED.test(name) ? shownName(name) : name.toUpperCase();
}
