import { isOneOf } from '../../json.js';
import { LOG_LEVELS, type LogLevel } from '../../log.js';

export const DEFAULT_LOG_LEVEL: LogLevel = 'info';

export const LOG_FORMATS = ['text', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];
export const DEFAULT_LOG_FORMAT: LogFormat = 'text';

/** The option values of a command line, by name. If an option was repeated, its last value counts, except in {@link texts}. */
export class Given {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  get logLevel(): LogLevel {
    const level = this.#last('log-level');
    return isOneOf(LOG_LEVELS, level) ? level : DEFAULT_LOG_LEVEL;
  }

  get logFormat(): LogFormat {
    const format = this.#last('log-format');
    return isOneOf(LOG_FORMATS, format) ? format : DEFAULT_LOG_FORMAT;
  }

  /** The names of all given options, including unknown ones. */
  get names(): string[] {
    return Object.keys(this.#values);
  }

  /** The words of the command line behind a command's name that belong to no option. */
  wordsBehind(command: string): string[] {
    const words = [this.#values._ ?? []].flat().map(String);
    return words.slice(words.indexOf(command) + 1);
  }

  text(name: string): string | undefined {
    return this.texts(name)?.at(-1);
  }

  /** All values of a repeatable option; undefined: it was not given. */
  texts(name: string): string[] | undefined {
    const value = this.#values[name];
    return value === undefined ? undefined : [value].flat().filter((each) => typeof each === 'string');
  }

  number(name: string): number | undefined {
    const value = this.#last(name);
    return typeof value === 'number' ? value : undefined;
  }

  flag(name: string): boolean {
    return this.#last(name) === true;
  }

  #last(name: string): unknown {
    return [this.#values[name]].flat().at(-1);
  }
}
