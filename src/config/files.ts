import { readFileSync } from 'node:fs';
import { ConfigError } from '../errors.js';
import { codeOf, type JsonValue } from '../json.js';
import { isYaml, type Parsed, parseJson, parseYaml, type SyntaxProblem } from './syntax.js';

/**
 * Reads a JSON file given on the command line. Throws a ConfigError that says what is wrong with it: missing, not readable, a
 * folder, empty, or not JSON (with line and column). The content is never shown, since it may hold secrets.
 *
 * @param what what the file is called in messages, for example "catalog"
 */
export function readJsonFile(path: string, what: string): JsonValue {
  return valueIn(parseJson(readText(path, what)), path, what);
}

/** The same of a configuration, which may also be YAML: a file whose name ends in `.yaml` or `.yml`. */
export function readConfigFile(path: string, what: string): JsonValue {
  return valueIn(parseConfig(readText(path, what), path), path, what);
}

/** A configuration has some ten levels; what walks it must not run out of stack. */
const MOST_LEVELS = 100;

/** Parses the text of a configuration file, as JSON or YAML by the file's name. */
export function parseConfig(text: string, path: string): Parsed {
  const parsed = isYaml(path) ? parseYaml(text) : parseJson(text);
  if ('problem' in parsed || !hasMoreLevels(parsed.value, MOST_LEVELS)) return parsed;
  const why = `something begins that is nested more than ${MOST_LEVELS} levels deep`;
  return { problem: { format: isYaml(path) ? 'YAML' : 'JSON', line: 1, column: 1, why } };
}

function hasMoreLevels(value: JsonValue, most: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return most === 0 || Object.values(value).some((each) => hasMoreLevels(each, most - 1));
}

/** A file's text without its byte-order mark. Throws a ConfigError where it cannot be read, or is empty. */
export function readText(path: string, what: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(`The ${what} file ${path} cannot be read: ${reason(error)}. Check the path.`, {
      cause: error,
    });
  }
  const plain = text.startsWith('\ufeff') ? text.slice(1) : text;
  if (plain.trim() === '') {
    const format = isYaml(path) ? 'YAML' : 'JSON';
    throw new ConfigError(`The ${what} file ${path} is empty. It should hold a ${format} document.`);
  }
  return plain;
}

/** A problem of syntax as a clause: `is not JSON: see line 2, column 12`. */
export function describeProblem({ format, line, column, why }: SyntaxProblem): string {
  return `is not ${format}: see line ${line}, column ${column}${why === null ? '' : `, where ${why}`}`;
}

function valueIn(parsed: Parsed, path: string, what: string): JsonValue {
  if ('value' in parsed) return parsed.value;
  const clause = describeProblem(parsed.problem);
  throw new ConfigError(`The ${what} file ${path} ${clause}. Mend the file.`);
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
