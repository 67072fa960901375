import { readFileSync } from 'node:fs';
import { ConfigError } from '../errors.js';
import { codeOf, type JsonValue } from '../json.js';

/**
 * Reads a JSON file given on the command line. Throws a ConfigError that says what is wrong with it: missing, not readable, a
 * folder, empty, or not JSON (with line and column). The content is never shown, since it may hold secrets.
 *
 * @param what what the file is called in messages, for example "configuration"
 */
export function readJsonFile(path: string, what: string): JsonValue {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(`The ${what} file ${path} cannot be read: ${reason(error)}. Check the path.`, {
      cause: error,
    });
  }
  const json = text.startsWith('\ufeff') ? text.slice(1) : text;
  if (json.trim() === '') throw new ConfigError(`The ${what} file ${path} is empty. It should hold a JSON document.`);
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new ConfigError(`The ${what} file ${path} is not JSON${whereItStops(json, error)}. Mend the file.`);
  }
}

function reason(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
      return 'permission denied';
    case 'EISDIR':
      return 'it is a folder';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

function whereItStops(text: string, error: unknown): string {
  const position = /position (\d+)/.exec(String(error))?.[1];
  if (position === undefined) return ': it ends too early';
  const before = text.slice(0, Number(position)).split('\n');
  return `: see line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}
