import { stderr } from 'node:process';
import { ConfigError } from '../../errors.js';
import { isOneOf } from '../../json.js';
import { log } from '../../log.js';
import type { Given } from '../runner/given.js';
import type { Choice, Prompts, TextQuestion } from './prompts.js';

interface Asked extends TextQuestion {
  /** The option that answers it on the command line. */
  flag: string;
  /** The environment variable that answers it; the only other way for secrets that is not visible to others. */
  variable?: string;
}

/**
 * Answers to the questions of `init`: from the command line, from the environment, with `--yes` the usual one, and else from whoever is at
 * the terminal.
 */
export class Answers {
  readonly #given: Given;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #print: (text: string) => void;
  /** null: nobody is there to ask, or nobody is to be asked. */
  readonly prompts: Prompts | null;

  /** @param print writes to stdout */
  constructor(given: Given, environment: NodeJS.ProcessEnv, prompts: Prompts | null, print: (text: string) => void) {
    this.#given = given;
    this.#print = print;
    this.#environment = environment;
    this.prompts = prompts;
  }

  /** An answer that was given beforehand; undefined: none was. */
  given(flag: string, variable?: string): string | undefined {
    const option = this.#given.text(flag)?.trim();
    if (option) return option;
    return variable === undefined ? undefined : this.#environment[variable]?.trim() || undefined;
  }

  /** Whether an option was given, be it empty. */
  has(flag: string): boolean {
    return this.#given.text(flag) !== undefined;
  }

  flag(name: string): boolean {
    return this.#given.flag(name);
  }

  /** @param usual the answer that `--yes` gives, if it may give one */
  async text(question: Asked, usual: string | undefined = question.fallback): Promise<string> {
    return this.#beforehand(question, usual) ?? this.#ask(question.flag, (prompts) => prompts.text(question));
  }

  async secret(question: Asked): Promise<string> {
    const isVisible = this.has(question.flag);
    if (isVisible && question.variable !== undefined) {
      log.warn(
        `--${question.flag} is visible to other users of this machine; ${question.variable} in the environment is not.`,
      );
    }
    return this.#beforehand(question, undefined) ?? this.#ask(question.flag, (prompts) => prompts.secret(question));
  }

  /** One of some choices, of which the first is the usual one. */
  async choice<T extends string>(flag: string, message: string, choices: readonly Choice<T>[]): Promise<T> {
    const values = choices.map(({ value }) => value);
    const given = this.given(flag) ?? (this.flag('yes') ? values[0] : undefined);
    if (given === undefined) return this.#ask(flag, (prompts) => prompts.choice(message, choices));
    if (isOneOf(values, given)) return given;
    throw new ConfigError(`--${flag} should be one of ${values.join(', ')}, but is "${given}".`);
  }

  say(text: string): void {
    if (this.prompts) this.prompts.say(text);
    else stderr.write(`${text}\n`);
  }

  warn(text: string): void {
    if (this.prompts) this.prompts.warn(text);
    else log.warn(text);
  }

  /** Shows what is to be copied; a script gets it on stdout. */
  show(text: string): void {
    if (this.prompts) this.prompts.show(text);
    else this.#print(text);
  }

  #beforehand({ flag, variable, check }: Asked, usual: string | undefined): string | undefined {
    const given = this.given(flag, variable);
    if (given === undefined) return this.flag('yes') ? usual : undefined;
    const wrong = check?.(given);
    if (wrong !== undefined) throw new ConfigError(`--${flag}: ${wrong}`);
    return given;
  }

  #ask<T>(flag: string, ask: (prompts: Prompts) => Promise<T>): Promise<T> {
    if (this.prompts) return ask(this.prompts);
    throw missing([`--${flag}`], this.flag('yes'));
  }
}

/** The error where nobody is to be asked and answers lack. @param isYes whether that is so for `--yes` */
export function missing(flags: readonly string[], isYes: boolean): ConfigError {
  const names = flags.join(', ');
  return new ConfigError(
    isYes
      ? `With --yes nothing is asked, and there is no answer to these: ${names}. Give them, or run hubflake init at a terminal without --yes.`
      : `There is no terminal to ask at, and no answer to these: ${names}. Give them, or run hubflake init at a terminal.`,
  );
}
