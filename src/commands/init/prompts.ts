import { stderr, stdin } from 'node:process';
import { InternalError, StoppedError } from '../../errors.js';

export interface Choice<T extends string> {
  value: T;
  label: string;
  hint?: string;
}

export interface TextQuestion {
  message: string;
  /** What an empty answer means; without it an empty answer is refused. */
  fallback?: string;
  /** What is wrong with an answer, as a sentence; undefined: nothing. */
  check?: (answer: string) => string | undefined;
}

/** Asks somebody at a terminal. Each method throws a StoppedError when the answer is Ctrl-C. */
export interface Prompts {
  text(question: TextQuestion): Promise<string>;
  /** The same, without showing what is typed. */
  secret(question: TextQuestion): Promise<string>;
  choice<T extends string>(message: string, choices: readonly Choice<T>[]): Promise<T>;
  /** Several of them, at least one. */
  choices(message: string, choices: readonly Choice<string>[]): Promise<string[]>;
  confirm(message: string, fallback: boolean): Promise<boolean>;
  say(text: string): void;
  warn(text: string): void;
  /** Shows a text that is to be copied, with nothing around it. */
  show(text: string): void;
}

/** Whether somebody is there to answer. Questions are on stderr, so that stdout may go elsewhere. */
export function isTerminal(): boolean {
  return stdin.isTTY === true && stderr.isTTY === true;
}

const LONGEST_LIST = 12;

/** Questions on stderr, answers from stdin. Loads the library that draws them. */
export async function terminalPrompts(): Promise<Prompts> {
  const clack = await import('@clack/prompts');
  const output = { output: stderr };

  async function answered<T>(answer: Promise<T | typeof clack.CANCEL_SYMBOL>): Promise<T> {
    const value = await answer;
    if (value === clack.CANCEL_SYMBOL) throw new StoppedError('Stopped.');
    return value;
  }
  const validate =
    ({ fallback, check }: TextQuestion) =>
    (answer: string | undefined) => {
      const given = answer?.trim() || fallback;
      return given === undefined ? 'Type an answer, or Ctrl-C to stop.' : check?.(given);
    };

  return {
    async text(question) {
      const { message, fallback } = question;
      const placeholder = fallback === undefined ? {} : { placeholder: fallback, defaultValue: fallback };
      return (await answered(clack.text({ ...output, message, ...placeholder, validate: validate(question) }))).trim();
    },
    async secret(question) {
      const { message } = question;
      return (await answered(clack.password({ ...output, message, validate: validate(question) }))).trim();
    },
    async choice<T extends string>(message: string, choices: readonly Choice<T>[]): Promise<T> {
      const value = await answered(clack.select<string>({ ...output, message, options: [...choices] }));
      const chosen = choices.find((choice) => choice.value === value);
      if (!chosen) throw new InternalError(`There was no choice "${value}".`);
      return chosen.value;
    },
    choices(message, choices) {
      return answered(
        clack.multiselect<string>({
          ...output,
          message,
          options: [...choices],
          required: true,
          maxItems: LONGEST_LIST,
        }),
      );
    },
    confirm: (message, fallback) => answered(clack.confirm({ ...output, message, initialValue: fallback })),
    say: (text) => clack.log.info(text, output),
    warn: (text) => clack.log.warn(text, output),
    show: (text) => void stderr.write(`\n${text}\n\n`),
  };
}
