import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Ajv, ErrorObject, Options, ValidateFunction } from 'ajv';
import { ConfigError } from '../errors.js';
import { loadPackage } from '../load-package.js';
import { log } from '../log.js';
import { type OptionsOf, readSpec, type Schema, type SpecName } from './specs.js';
import { nearest } from './suggest.js';

/**
 * The validators that `scripts/compile-specs.mjs` compiles at build time. Missing when the sources are run directly, as tests do.
 */
const COMPILED = fileURLToPath(new URL('./compiled-specs.cjs', import.meta.url));

type CompiledSpecs = { [Name in SpecName]: ValidateFunction<OptionsOf[Name]> };

export const AJV_OPTIONS: Options = {
  ...{ allErrors: true, verbose: true, useDefaults: true },
  // Allows Airbyte's own keywords (order, airbyte_secret, …) in the schema.
  strict: false,
  // The schemas are ours, and tested: validating them on each run would cost more than validating the document.
  ...{ meta: false, validateSchema: false, code: { optimize: false } },
};

/** Accepts any text as `date-time`: Airbyte allows plain dates, too. The pattern beside it and our own parsing decide. */
export function prepared(ajv: Ajv): Ajv {
  return ajv.addFormat('date-time', true);
}

/** One way in which a document violates its schema. */
export interface Mistake {
  /** `objects.0.name`; empty for the document itself. */
  path: string;
  /** The violated requirement as a predicate: `should be a string`. null: the value is missing. */
  expected: string | null;
  /** The offending value in short; null: not worth telling. Never a secret. */
  found: string | null;
  /** Of a text that is none of the choices: the most similar one. */
  nearest?: string | undefined;
}

/** An option that the schema does not know. */
export interface UnknownOption {
  /** `objects[0].nme` */
  path: string;
  /** The known option with the most similar name. */
  nearest: string | undefined;
}

/**
 * Validates `value` against a JSON Schema of `spec/`, fills in the schema's defaults, and returns it typed. Throws one ConfigError
 * that lists every mistake. Unknown options only cause a warning, since Airbyte passes configurations of other versions.
 *
 * @param what what the document is called in messages, for example "source configuration"
 * @param tolerated unknown options that cause no warning
 */
export function validate<Name extends SpecName>(
  name: Name,
  value: unknown,
  what: string,
  tolerated: readonly string[] = [],
): OptionsOf[Name] {
  const schema = readSpec(name);
  const options = check(name, value, schema);
  if (Array.isArray(options)) throw new ConfigError(`The ${what} cannot be used: ${describe(options)}.`);
  for (const { path, nearest: meant } of unknownOptions(schema, value)) {
    if (tolerated.includes(path)) continue;
    log.warn(`The ${what} has an unknown option ${path}; it is ignored.${meant ? ` Did you mean ${meant}?` : ''}`);
  }
  return options;
}

/**
 * Returns the document with its defaults, or its mistakes. The compiled validators only say whether there are any; ajv itself,
 * which is slow to load, describes them.
 */
export function check<Name extends SpecName>(
  name: Name,
  value: unknown,
  schema: Schema = readSpec(name),
): OptionsOf[Name] | Mistake[] {
  const compiled: CompiledSpecs | null = existsSync(COMPILED) ? loadPackage(COMPILED) : null;
  const isValid = compiled?.[name];
  if (isValid?.(value)) return value;
  const judge = describer().compile<OptionsOf[Name]>(schema);
  return judge(value) ? value : mistakesIn(judge.errors ?? []);
}

/** Keeps what it has compiled: `config check` describes one option after the other. */
let describing: Ajv | null = null;

function describer(): Ajv {
  const { Ajv }: typeof import('ajv') = loadPackage('ajv');
  describing ??= prepared(new Ajv(AJV_OPTIONS));
  return describing;
}

/** Turns ajv's errors into mistakes without duplicates. */
function mistakesIn(errors: ErrorObject[]): Mistake[] {
  const mistakes = new Map(
    relevant(errors)
      .map(mistakeOf)
      .map((mistake) => [JSON.stringify(mistake), mistake]),
  );
  return [...mistakes.values()];
}

/**
 * Picks the errors worth reporting. Of a failed oneOf, ajv reports the errors against every alternative: kept are those against the
 * alternative that the value's `const` selects, or, if it selects none, one error that names the choices.
 */
function relevant(errors: ErrorObject[]): ErrorObject[] {
  const alternative = (error: ErrorObject) => /^(.*\/oneOf\/\d+)\//.exec(error.schemaPath)?.[1];
  const rejectsChoice = (error: ErrorObject) => {
    if (error.keyword !== 'required') return error.keyword === 'const';
    const { properties } = schemaOf(error);
    return properties?.[error.params.missingProperty]?.const !== undefined;
  };
  const notChosen = new Set(errors.filter(rejectsChoice).map(alternative));
  const kept = errors.filter((error) => error.keyword !== 'oneOf' && !notChosen.has(alternative(error) ?? ''));
  return kept.length > 0 ? kept : errors.filter((error) => error.keyword === 'oneOf');
}

function schemaOf(error: ErrorObject): Schema {
  return error.parentSchema ?? {};
}

function mistakeOf(error: ErrorObject): Mistake {
  const { keyword, params, message } = error;
  const path = error.instancePath.slice(1).replaceAll('/', '.');
  const inside = (child: string | undefined) => [path, child].filter(Boolean).join('.');
  const found = describeValue(error);
  switch (keyword) {
    case 'required':
      return { path: inside(params.missingProperty), expected: null, found: null };
    case 'type':
      return { path, expected: `should be ${withArticle(String(params.type))}`, found };
    case 'enum':
      return {
        ...{ path, expected: `should be ${oneOf(params.allowedValues)}`, found },
        nearest: nearest(String(error.data), params.allowedValues.map(String)),
      };
    case 'pattern':
      return { path, expected: `should have the form ${schemaOf(error).pattern_descriptor ?? params.pattern}`, found };
    case 'minLength':
      // Of a secret nothing more is to be told.
      return { path, expected: lengthOf(params.limit), found: schemaOf(error).airbyte_secret ? null : found };
    case 'oneOf': {
      const [key, values] = choices(schemaOf(error));
      return { path: inside(key), expected: `should be ${oneOf(values)}`, found: null };
    }
    default:
      return { path, expected: message ?? 'is not allowed', found };
  }
}

function describe(mistakes: readonly Mistake[]): string {
  const sentences = mistakes.map(({ path, expected, found }) => {
    const predicate = expected ?? 'is missing';
    return `${path || 'the document'} ${predicate}${found === null ? '' : `, but is ${found}`}`;
  });
  return sentences.join('; ');
}

function choices(schema: Schema): [string | undefined, unknown[]] {
  const keyed = (schema.oneOf ?? []).flatMap((alternative) =>
    Object.entries(alternative.properties ?? {}).filter(([, property]) => property.const !== undefined),
  );
  return [keyed[0]?.[0], keyed.map(([, property]) => property.const)];
}

/** A value as messages show it: secrets and containers only by kind. */
function describeValue(error: ErrorObject): string {
  if (schemaOf(error).airbyte_secret) return 'something else';
  const value = error.data;
  if (value !== null && typeof value === 'object') return Array.isArray(value) ? 'a list' : 'an object';
  return JSON.stringify(value) ?? 'nothing';
}

function oneOf(values: readonly unknown[]): string {
  return `one of ${values.map((value) => JSON.stringify(value)).join(', ')}`;
}

function lengthOf(least: number): string {
  return least === 1 ? 'should not be empty' : `should have ${least} characters or more`;
}

function withArticle(type: string): string {
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type === 'array' ? 'list' : type}`.replace('an list', 'a list');
}

/**
 * Lists unknown options, except for those that begin with an underscore, which platforms and people use for notes, and a document's
 * `$schema`, by which editors know what may be written where.
 */
export function unknownOptions(schema: Schema, value: unknown, path = ''): UnknownOption[] {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items?.properties ? value.flatMap((item, index) => unknownOptions(items, item, `${path}[${index}]`)) : [];
  }
  if (value === null || typeof value !== 'object') return [];
  const known = knownProperties(schema);
  if (known.size === 0) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const at = path === '' ? key : `${path}.${key}`;
    const childSchema = known.get(key);
    if (childSchema) return unknownOptions(childSchema, child, at);
    return key.startsWith('_') || (path === '' && key === '$schema')
      ? []
      : [{ path: at, nearest: nearest(key, [...known.keys()]) }];
  });
}

function knownProperties(schema: Schema): Map<string, Schema> {
  const all = [schema, ...(schema.oneOf ?? [])].flatMap((each) => Object.entries(each.properties ?? {}));
  return new Map(all);
}
