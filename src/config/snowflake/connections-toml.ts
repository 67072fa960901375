import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../../errors.js';
import { codeOf, isObject, memberOf } from '../../json.js';
import { loadPackage } from '../../load-package.js';
import { log } from '../../log.js';
import { nearest } from '../suggest.js';

/** The keys and values of a connection's table, keys in snake_case. */
export type ConnectionTable = Record<string, unknown>;

export interface FoundConnection {
  file: string;
  table: ConnectionTable;
}

/** Keys whose values are secrets. */
const SECRETS = [
  ...['password', 'token', 'private_key_raw', 'private_key_passphrase', 'private_key_pass', 'private_key_file_pwd'],
  ...['oauth_client_secret', 'passcode'],
];
const OTHERS_READ = 0o044;
const OTHERS_WRITE = 0o022;

/**
 * Finds a connection by name in Snowflake's own files: in `connections.toml`, and in the tables `[connections.…]` of `config.toml`,
 * in each folder where Snowflake's tools keep them. The default connection configured there is ignored: an environment variable
 * should not send a pipeline to another account. Throws a ConfigError that names the files and the nearest name; the files'
 * contents are never shown, since they hold secrets.
 *
 * https://docs.snowflake.com/en/developer-guide/snowflake-cli/connecting/configure-cli
 */
export function findConnection(name: string, environment: NodeJS.ProcessEnv = process.env): FoundConnection {
  const looked: string[] = [];
  const known = new Set<string>();
  for (const file of connectionFiles(environment)) {
    const tables = tablesOf(file);
    if (tables === null) continue;
    looked.push(file);
    const table = tables[name];
    if (isTable(table)) {
      warnOfOthers(file, Object.values(tables));
      return { file, table: inSnakeCase(table) };
    }
    for (const other of Object.keys(tables)) if (isTable(tables[other])) known.add(other);
  }
  const meant = nearest(name, [...known]);
  throw new ConfigError(
    looked.length === 0
      ? `connection names "${name}", but Snowflake's file of connections is not there. Looked for: ${connectionFiles(environment).join(', ')}.`
      : `There is no connection "${name}" in ${looked.join(', ')}.${meant === undefined ? '' : ` Did you mean "${meant}"?`}`,
  );
}

/**
 * The names of all connections in Snowflake's own files, in their order. Throws a ConfigError for a file that cannot be read or is not
 * TOML, with the line.
 */
export function connectionNames(environment: NodeJS.ProcessEnv = process.env): string[] {
  const tables = connectionFiles(environment).map((file) => tablesOf(file) ?? {});
  return [...new Set(tables.flatMap((each) => Object.keys(each).filter((name) => isTable(each[name]))))];
}

/** The paths at which Snowflake's tools look, in their order. */
export function connectionFiles(
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string[] {
  const home = homeOf(environment);
  const own = environment.SNOWFLAKE_HOME?.trim();
  const folders = [
    own ? withHome(own, environment) : join(home, '.snowflake'),
    ...(platform === 'win32' ? [join(home, 'AppData', 'Local', 'snowflake')] : []),
    ...(platform === 'darwin' ? [join(home, 'Library', 'Application Support', 'snowflake')] : []),
    ...(platform !== 'win32' && environment.XDG_CONFIG_HOME ? [join(environment.XDG_CONFIG_HOME, 'snowflake')] : []),
    ...(platform === 'win32' ? [] : [join(home, '.config', 'snowflake')]),
  ];
  return [...new Set(folders)].flatMap((folder) => [join(folder, 'connections.toml'), join(folder, 'config.toml')]);
}

/** Expands a leading tilde to the user's home folder. */
export function withHome(path: string, environment: NodeJS.ProcessEnv = process.env): string {
  return path.replace(/^~(?=$|[/\\])/, homeOf(environment));
}

function homeOf(environment: NodeJS.ProcessEnv): string {
  return (process.platform !== 'win32' && environment.HOME) || homedir();
}

/** The connections in a file, by name; null when there is no such file. */
function tablesOf(file: string): Record<string, unknown> | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new ConfigError(
      `Snowflake's file of connections ${file} cannot be read (${code}). Let the user who runs hubflake read it.`,
    );
  }
  const { parse }: typeof import('smol-toml') = loadPackage('smol-toml');
  let document: Record<string, unknown>;
  try {
    document = parse(text);
  } catch (error) {
    // The parser's own message quotes the lines around, which may hold secrets.
    const [line, column] = ['line', 'column'].map((name) => memberOf(error, name));
    throw new ConfigError(`${file} is not TOML: see line ${line}, column ${column}. Mend the file.`);
  }
  if (file.endsWith('connections.toml')) return document;
  return isTable(document.connections) ? document.connections : {};
}

/** Warns, as Snowflake's drivers do, of files that other users can read or change. */
function warnOfOthers(file: string, tables: readonly unknown[]): void {
  if (process.platform === 'win32') return;
  const { mode } = statSync(file);
  const hasSecrets = tables.some((table) => isTable(table) && SECRETS.some((key) => key in inSnakeCase(table)));
  const can = [
    ...((mode & OTHERS_READ) !== 0 && hasSecrets ? ['read'] : []),
    ...((mode & OTHERS_WRITE) !== 0 ? ['changed'] : []),
  ];
  if (can.length === 0) return;
  const octal = (mode & 0o777).toString(8);
  log.warn(`${file} can be ${can.join(' and ')} by others than its owner (mode ${octal}). Run: chmod 600 ${file}`);
}

/** Snowflake's Node driver also accepts its own camelCase option names. */
function inSnakeCase(table: ConnectionTable): ConnectionTable {
  return Object.fromEntries(
    Object.entries(table).map(([key, value]) => [key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]),
  );
}

function isTable(value: unknown): value is Record<string, unknown> {
  return isObject(value) && !(value instanceof Date);
}
