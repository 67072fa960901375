import { parseEnv } from 'node:util';
import { ConfigError } from '../../errors.js';

/**
 * The text of a `.env` with some variables set: lines that set one of them otherwise are replaced, all else stays as it is.
 *
 * @param before the text of the file that is there; empty: there is none
 */
export function withVariables(before: string, variables: ReadonlyMap<string, string>): string {
  const kept = parseEnv(before);
  const changed = [...variables].filter(([name, value]) => kept[name] !== value);
  const names = changed.map(([name]) => name);
  const isOld = new RegExp(`^\\s*(export\\s+)?(${names.join('|')})\\s*=`);
  const added = changed.map(([name, value]) => assignment(name, value));
  const lines = before.split('\n').filter((line) => names.length === 0 || !isOld.test(line));
  const replaced = joined([lines.join('\n').trimEnd(), ...added]);
  // A line that only looks like an assignment is part of another value: then what is added behind counts.
  const after = parseEnv(replaced);
  const isIntact = Object.keys(kept).every((name) => variables.has(name) || after[name] === kept[name]);
  return isIntact ? replaced : joined([before.trimEnd(), ...added]);
}

function joined(parts: readonly string[]): string {
  return `${parts.filter((part) => part !== '').join('\n')}\n`;
}

/** The variables that a file has with other values. */
export function conflicts(before: string, variables: ReadonlyMap<string, string>): string[] {
  const kept = parseEnv(before);
  return [...variables]
    .filter(([name, value]) => kept[name] !== undefined && kept[name] !== value)
    .map(([name]) => name);
}

/** A line that both Node and, in single quotes, shells read as the value. Throws a ConfigError for a value that no quotes can hold. */
function assignment(name: string, value: string): string {
  const line = ["'", '`', '"']
    .map((quote) => `${name}=${quote}${value}${quote}`)
    .find((candidate) => parseEnv(candidate)[name] === value);
  if (line !== undefined) return line;
  throw new ConfigError(
    `${name} has quotes of all kinds, which .env cannot hold. Set it in the environment, and use --no-env.`,
  );
}
