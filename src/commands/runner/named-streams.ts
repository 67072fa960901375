import { nearest } from '../../config/suggest.js';
import { ConfigError } from '../../errors.js';

/**
 * The names in `--refresh a,b --refresh c`, each once; null: the option was not given. Throws a ConfigError if there are none in it.
 *
 * @param purpose what is done with them, for the message
 */
export function namesIn(option: string, given: readonly string[] | undefined, purpose: string): string[] | null {
  if (given === undefined) return null;
  const names = given.flatMap((list) => list.split(',').map((name) => name.trim())).filter((name) => name !== '');
  if (names.length > 0) return [...new Set(names)];
  throw new ConfigError(`${option} names no stream. Name those ${purpose}: ${option} contacts,deals.`);
}

/** Throws a ConfigError if an option names a stream that the pipeline does not have. */
export function requireKnown(option: string, given: readonly string[], known: readonly string[]): void {
  const name = given.find((each) => !known.includes(each));
  if (name === undefined) return;
  const meant = nearest(name, known);
  throw new ConfigError(
    `${option} names the stream "${name}", which this pipeline does not sync.${meant ? ` Did you mean "${meant}"?` : ''} Nothing was done.`,
  );
}
