/** A number with the digits in which it was written: JSON's own parser takes `12.0` for `12`. */
export interface Digits {
  $number: string;
}

const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** Parses JSON, its numbers as `Digits`. */
export function parseWithDigits(text: string): unknown {
  return JSON.parse(text.replace(TOKENS, (token) => (token.startsWith('"') ? token : `{"$number":"${token}"}`)));
}

export function isDigits(value: unknown): value is Digits {
  return typeof value === 'object' && value !== null && '$number' in value;
}
