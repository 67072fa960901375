import { literal, bareOrQuoted as name } from '../sql/quote.js';

/** The names of what a loader works with and in. */
export interface SetupNames {
  role: string;
  user: string;
  warehouse: string;
  database: string;
  schema: string;
}

/**
 * What an admin runs, once, so that a loader can work: a role, a user with a public key, a warehouse and a schema, and all rights that the
 * role needs. Nothing that is there already is changed, but for the rights. README and docs/setup.md have these statements, which a test
 * holds to this function.
 *
 * @param publicKey the key in base64, without the lines around it; null: the user logs in by something else
 * @returns the statements without semicolons, in their order
 */
export function setupStatements(names: SetupNames, publicKey: string | null): string[] {
  const { role, user, warehouse, database, schema } = names;
  const place = `${name(database)}.${name(schema)}`;
  const key = publicKey === null ? '' : ` RSA_PUBLIC_KEY = ${literal(publicKey)}`;
  return [
    'USE ROLE SECURITYADMIN',
    `CREATE ROLE IF NOT EXISTS ${name(role)}`,
    `GRANT ROLE ${name(role)} TO ROLE SYSADMIN`,
    `CREATE USER IF NOT EXISTS ${name(user)} TYPE = SERVICE DEFAULT_ROLE = ${name(role)}${key}`,
    `GRANT ROLE ${name(role)} TO USER ${name(user)}`,
    'USE ROLE SYSADMIN',
    `CREATE WAREHOUSE IF NOT EXISTS ${name(warehouse)} WAREHOUSE_SIZE = XSMALL GENERATION = '1' AUTO_SUSPEND = 60 INITIALLY_SUSPENDED = TRUE\n  STATEMENT_TIMEOUT_IN_SECONDS = 14400`,
    `CREATE DATABASE IF NOT EXISTS ${name(database)}`,
    `CREATE SCHEMA IF NOT EXISTS ${place}`,
    `GRANT USAGE ON WAREHOUSE ${name(warehouse)} TO ROLE ${name(role)}`,
    `GRANT USAGE ON DATABASE ${name(database)} TO ROLE ${name(role)}`,
    `GRANT USAGE, CREATE TABLE, CREATE VIEW ON SCHEMA ${place} TO ROLE ${name(role)}`,
  ];
}

/** Gives a user that is there a public key, in the place of the one that it may have. */
export function setPublicKey(user: string, publicKey: string): string {
  return `ALTER USER ${name(user)} SET RSA_PUBLIC_KEY = ${literal(publicKey)}`;
}

/** Statements as a script. */
export function script(statements: readonly string[]): string {
  return statements.map((statement) => `${statement};`).join('\n');
}
