import { ConfigError } from '../../errors.js';
import type { Mistake, UnknownOption } from '../schema.js';

/** A mistake in a configuration, as `config check` tells it. */
export interface Finding {
  /** `source.objects[0].updated_after`; empty for the document itself. */
  path: string;
  /** A sentence that needs nothing beside it. */
  message: string;
  /** What should be there, as a predicate; null where only the message says it. */
  expected: string | null;
  /** What is there, in short and never a secret; null where that is not worth telling. */
  found: string | null;
  /** The known name that was probably meant; null: none is similar. */
  nearest: string | null;
}

/** The path of an option inside another one. */
export function inside(part: string, path: string): string {
  if (part === '' || path === '') return part || path;
  return path.startsWith('[') ? `${part}${path}` : `${part}.${path}`;
}

/** A violation of a schema. @param part where in the document what the schema describes is */
export function ofMistake(part: string, { path, expected, found, nearest = undefined }: Mistake): Finding {
  const at = inside(part, path.replace(/(^|\.)(\d+)(?=\.|$)/g, '[$2]'));
  const predicate = `${expected ?? 'is missing'}${found === null ? '' : `, but is ${found}`}`;
  return {
    path: at,
    message: `${at || 'The document'} ${predicate}.${meant(nearest)}`,
    expected: expected ?? 'should be there',
    found,
    nearest: nearest ?? null,
  };
}

/** An option that the schema does not know. */
export function ofUnknown(part: string, { path, nearest }: UnknownOption): Finding {
  const at = inside(part, path);
  return {
    path: at,
    message: `${at} is not an option of hubflake, and would be ignored.${meant(nearest)}`,
    expected: null,
    found: null,
    nearest: nearest ?? null,
  };
}

/** The words before which messages of parsers say nothing but what kind of document it is. */
const PREAMBLE = /^The (?:source|destination|pipeline) configuration cannot be used: /;
/** A path as messages of parsers begin with it. */
const PATH = /^[a-z_]+(?:\[\d+\]|\.[a-z_]+)*(?=[\s:])/;

/** What they say where something else is expected. */
const EXPECTED = /^\S+ (should [^"]*), but is (.*?)\.(?: |$)/;

/**
 * What a parser says of a configuration. Its messages begin with the option's path where there is one.
 *
 * @param document the configuration, by which a first word that is no option is known
 */
export function ofError(part: string, error: ConfigError, document: object): Finding {
  const message = error.message.replace(PREAMBLE, '');
  const [path = ''] = PATH.exec(message) ?? [];
  const [option = ''] = path.split(/[.[]/);
  const isPath = /[.[]/.test(path) || option in document;
  const at = isPath ? inside(part, path) : part;
  const [, expected, found] = EXPECTED.exec(message) ?? [];
  return {
    path: at,
    message: isPath ? inside(part, message) : part === '' ? message : `${part}: ${message}`,
    expected: expected ?? null,
    found: found ?? null,
    nearest: /Did you mean "?([^"?]+)"?\?/.exec(message)?.[1] ?? null,
  };
}

/** What is wrong by what a parser throws; null: nothing. Throws what is no ConfigError. */
export function attempt(part: string, document: object, parse: () => unknown): Finding | null {
  try {
    parse();
    return null;
  } catch (error) {
    if (error instanceof ConfigError) return ofError(part, error, document);
    throw error;
  }
}

function meant(name: string | undefined): string {
  return name === undefined ? '' : ` Did you mean "${name}"?`;
}
