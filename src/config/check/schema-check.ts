import { isObject } from '../../json.js';
import { check, type Mistake, unknownOptions } from '../schema.js';
import { readSpec, type SpecName } from '../specs.js';
import { type Finding, ofMistake, ofUnknown } from './finding.js';

/**
 * All ways in which a document violates its schema, and its options that the schema does not know.
 *
 * @param part where in the file the document is
 * @param given as written, for unknown options
 * @param document the same as the parser hands it to the schema
 * @returns the findings, and the document without the options that are wrong by themselves, so that others can be looked at
 */
export function checkSchema(
  name: SpecName,
  part: string,
  given: unknown,
  document: unknown,
  tolerated: readonly string[] = [],
): { findings: Finding[]; rest: Record<string, unknown> } {
  // Validation fills in defaults.
  const result = check(name, structuredClone(document));
  const mistakes = Array.isArray(result) ? result : [];
  const unknown = unknownOptions(readSpec(name), given).filter(({ path }) => !tolerated.includes(path));
  return {
    findings: [
      ...mistakes.map((mistake) => ofMistake(part, mistake)),
      ...unknown.map((option) => ofUnknown(part, option)),
    ],
    rest: isObject(document) ? without(document, mistakes) : {},
  };
}

/** A document without its options that have a mistake anywhere in them; of lists, without such entries, whose places stay. */
function without(document: Record<string, unknown>, mistakes: readonly Mistake[]): Record<string, unknown> {
  const paths = mistakes.map(({ path }) => path.split('.'));
  return Object.fromEntries(
    Object.entries(document).flatMap(([key, value]) => {
      const within = paths.filter(([first]) => first === key);
      if (within.length === 0) return [[key, value]];
      const entries = within.map(([, index]) => Number(index));
      if (!Array.isArray(value) || entries.some(Number.isNaN)) return [];
      return [[key, value.map((each, index) => (entries.includes(index) ? undefined : each))]];
    }),
  );
}
