import { nearest } from '../../config/suggest.js';
import { ConfigError } from '../../errors.js';
import { log } from '../../log.js';

/** The `--config` path. Throws a ConfigError if it is missing. */
export function configPath(options: { config?: string }): string {
  if (!options.config) throw new ConfigError('No configuration was given. Add --config FILE, a JSON or YAML file.');
  return options.config;
}

/** The `--catalog` path. Throws a ConfigError if it is missing. */
export function catalogPath(options: { catalog?: string }): string {
  if (!options.catalog) {
    throw new ConfigError('No catalog was given. Add --catalog FILE, a JSON file with the configured streams.');
  }
  return options.catalog;
}

/**
 * Warns of unknown options and suggests the most similar known one. They are no errors, since newer platforms may pass options that
 * we do not know.
 */
export function warnOfUnknownOptions(given: readonly string[], known: readonly string[]): void {
  for (const name of given) {
    if (name === '_' || name === '$0' || known.includes(name)) continue;
    const dashed = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    // yargs repeats each dashed option in camel case.
    if (dashed !== name && given.includes(dashed)) continue;
    const meant = nearest(name, known);
    log.warn(`Unknown option --${name}; it is ignored.${meant ? ` Did you mean --${meant}?` : ''}`);
  }
}

/** Warns of words that are neither an option nor an option's value, such as one that was set off by a blank too many. */
export function warnOfWords(words: readonly string[]): void {
  for (const word of words) log.warn(`"${word}" belongs to no option; it is ignored.`);
}

/** The objects whose number of records can be given; every other object has a few. */
export const SANDBOX_OBJECTS = [
  'contacts',
  'companies',
  'deals',
  'tickets',
  'leads',
  'products',
  'line_items',
  'quotes',
  'calls',
  'emails',
  'meetings',
  'notes',
  'tasks',
  'orders',
  'invoices',
  'subscriptions',
  'vehicles',
] as const;
