import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import { ConfigError } from '../errors.js';
import { codeOf } from '../json.js';
import { log } from '../log.js';
import { variablesIn } from './environment.js';

const OTHERS_READ = 0o044;

/** The `.env` beside a configuration file. */
export function dotenvBeside(path: string): string {
  return join(dirname(path), '.env');
}

/**
 * The variables that the `${NAME}`s of a pipeline are taken from: those of the process, and where it has none of a name, those of the
 * file `.env` beside the pipeline, in Node's own format of such files. Nothing else is configured by that file. Warns if other users can
 * read it and a value of it is used. Throws a ConfigError if it is there and cannot be read.
 *
 * https://nodejs.org/api/util.html#utilparseenvcontent
 *
 * @param document the pipeline as it was read
 */
export function environmentOf(
  path: string,
  document: unknown,
  environment: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  const names = variablesIn(document).map(({ name }) => name);
  if (names.every((name) => environment[name] !== undefined)) return environment;
  const file = dotenvBeside(path);
  const kept = readDotenv(file);
  if (kept === null) return environment;
  if (names.some((name) => environment[name] === undefined && kept[name] !== undefined)) warnOfOthers(file);
  return { ...kept, ...environment };
}

/** The variables in a file of the form of `.env`; null: there is none. */
export function readDotenv(file: string): NodeJS.Dict<string> | null {
  try {
    return parseEnv(readFileSync(file, 'utf8'));
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new ConfigError(`${file} cannot be read (${code}). Let the user who runs hubflake read it, or remove it.`);
  }
}

function warnOfOthers(file: string): void {
  // Windows has no permission bits.
  if (process.platform === 'win32') return;
  const { mode } = statSync(file);
  if ((mode & OTHERS_READ) === 0) return;
  const octal = (mode & 0o777).toString(8);
  log.warn(`${file} can be read by others than its owner (mode ${octal}). Run: chmod 600 ${file}`);
}
