import { isObject, type JsonValue } from '../json.js';
import { loadPackage } from '../load-package.js';

/** A place in a text, both from 1. */
export interface Place {
  line: number;
  column: number;
}

/** Where a text stops being what it should be, and why if that can be said without showing the text, which may hold secrets. */
export interface SyntaxProblem extends Place {
  format: 'JSON' | 'YAML';
  why: string | null;
}

export type Parsed = { value: JsonValue } | { problem: SyntaxProblem };

/** Whether a file is read as YAML: by the end of its name alone, so that a mistake in a JSON file is never read as other YAML. */
export function isYaml(path: string): boolean {
  return /\.ya?ml$/i.test(path);
}

/** Parses JSON. */
export function parseJson(text: string): Parsed {
  try {
    return { value: JSON.parse(text) };
  } catch {
    const { parse }: typeof import('jsonc-parser') = loadPackage('jsonc-parser');
    const problems: import('jsonc-parser').ParseError[] = [];
    try {
      parse(text, problems, { disallowComments: true });
    } catch {
      // It has a level of its stack for each level of the text.
      return { problem: { format: 'JSON', line: 1, column: 1, why: 'something begins that is nested too deeply' } };
    }
    const [first] = problems;
    const offset = first?.offset ?? text.length;
    const why = first && text.slice(offset).trim() === '' ? 'it ends too early' : null;
    return { problem: { format: 'JSON', ...placeAt(text, offset), why } };
  }
}

/** What the parser's codes mean. Its own messages quote the text. */
const YAML_REASONS: Record<string, string> = {
  BAD_INDENT: 'the indentation is not that of the lines before',
  DUPLICATE_KEY: 'a key is there twice',
  MULTIPLE_DOCS: 'a second document begins',
  TAB_AS_INDENT: 'tabs cannot indent',
};

/**
 * Parses YAML 1.2 by its core schema, whatever version the text names: `2024-01-01` and `yes` are texts. A whole number that JavaScript
 * would round is kept as the text of its digits.
 */
export function parseYaml(text: string): Parsed {
  const { LineCounter, parseDocument, visit }: typeof import('yaml') = loadPackage('yaml');
  const lines = new LineCounter();
  const document = parseDocument(text, {
    schema: 'core',
    intAsBigInt: true,
    merge: true,
    prettyErrors: false,
    lineCounter: lines,
  });
  const problem = (offset: number, why: string | null): Parsed => {
    const { line, col } = lines.linePos(offset);
    return { problem: { format: 'YAML', line, column: col, why } };
  };
  const [error] = document.errors;
  if (error) return problem(error.pos[0], YAML_REASONS[error.code] ?? null);
  let lost: number | undefined;
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) === undefined) lost ??= alias.range?.[0] ?? 0;
    },
  });
  if (lost !== undefined) return problem(lost, 'an alias has no anchor before it');
  try {
    return { value: withNumbers(document.toJS()) };
  } catch {
    return problem(0, 'its aliases multiply without end');
  }
}

/** Gives whole numbers the type that JSON has for them, or, where that would round them, leaves their digits as a text. */
function withNumbers(value: unknown): JsonValue {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return BigInt(number) === value ? number : String(value);
  }
  if (Array.isArray(value)) return value.map(withNumbers);
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, withNumbers(child)]));
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
