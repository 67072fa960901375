import { parseEnv } from 'node:util';
import { ConfigError } from '../../errors.js';

/**
 * The text of a `.env` with some variables set: lines that set one of them otherwise are replaced, all else stays as it is.
 *
 * Throws a ConfigError where they would not be read as they are.
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
  const wanted = { ...kept, ...Object.fromEntries(variables) };
  const holdsAll = (text: string) => {
    const after = parseEnv(text);
    return Object.entries(wanted).every(([name, value]) => after[name] === value);
  };
  const found = [replaced, joined([before.trimEnd(), ...added])].find(holdsAll);
  if (found !== undefined) return found;
  throw new ConfigError(
    'The .env that is there has a quote that is not closed, so that nothing can be added to it. Close it, or use --no-env.',
  );
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
