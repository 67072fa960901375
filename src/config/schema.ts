import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Ajv, ErrorObject, Options } from 'ajv';
import { ConfigError } from '../errors.js';
import { loadPackage } from '../load-package.js';
import { log } from '../log.js';
import { readSpec, type SpecName } from './specs.js';
import { nearest } from './suggest.js';

type Schema = { properties?: Record<string, Schema>; oneOf?: Schema[]; items?: Schema; const?: unknown };

/** What `scripts/compile-specs.mjs` made of the schemas when this was built; sources that run as they are have none. */
const COMPILED = fileURLToPath(new URL('./compiled-specs.cjs', import.meta.url));

export const AJV_OPTIONS: Options = {
  ...{ allErrors: true, verbose: true, useDefaults: true },
  // Lets Airbyte's own keywords (order, airbyte_secret, …) stand in the schema.
  strict: false,
  // The schemas are ours, and tested: checking them each time would cost more than checking the document.
  ...{ meta: false, validateSchema: false, code: { optimize: false } },
};

/** Airbyte's `date-time` allows plain dates; the pattern beside it and our own parsing decide. */
export function prepared(ajv: Ajv): Ajv {
  return ajv.addFormat('date-time', true);
}

/**
 * Checks `value` against a JSON Schema of `spec/` and fills in the schema's defaults. Throws one ConfigError that lists every mistake
 * with its path, what was expected and what was found; the values of secrets are not shown. Options that the schema does not
 * know are a warning that names the nearest one it does, since Airbyte hands over configurations of other versions.
 *
 * @param what how the document is called in messages, for example "source configuration"
 */
export function validate(name: SpecName, value: unknown, what: string, tolerated: string[] = []): void {
  const schema = readSpec(name);
  if (!isCertainlyValid(name, value)) {
    const errors = errorsOf(schema, value);
    const mistakes = [...new Set(relevant(errors).map(describe))];
    if (errors.length > 0) throw new ConfigError(`The ${what} cannot be used: ${mistakes.join('; ')}.`);
  }
  warnOfUnknown(schema as Schema, value, what, '', tolerated);
}

/** false also where there is no compiled schema. */
function isCertainlyValid(name: SpecName, value: unknown): boolean {
  if (!existsSync(COMPILED)) return false;
  const checks = loadPackage(COMPILED) as Record<SpecName, (value: unknown) => boolean>;
  return checks[name](value);
}

/** Only here is ajv loaded: it says what the mistakes are. */
function errorsOf(schema: Record<string, unknown>, value: unknown): ErrorObject[] {
  const { Ajv } = loadPackage('ajv') as typeof import('ajv');
  const check = prepared(new Ajv(AJV_OPTIONS)).compile(schema);
  return check(value) ? [] : (check.errors ?? []);
}

/**
 * Of a failed oneOf, ajv reports the mistakes against every alternative. Kept are those of the alternative that the `const`
 * in the value chose; where none was chosen, one line that names the choices.
 */
function relevant(errors: ErrorObject[]): ErrorObject[] {
  const alternative = (error: ErrorObject) => /^(.*\/oneOf\/\d+)\//.exec(error.schemaPath)?.[1];
  const rejectsChoice = (error: ErrorObject) => {
    if (error.keyword !== 'required') return error.keyword === 'const';
    const { properties } = error.parentSchema as Schema;
    return properties?.[error.params.missingProperty]?.const !== undefined;
  };
  const notChosen = new Set(errors.filter(rejectsChoice).map(alternative));
  const kept = errors.filter((error) => error.keyword !== 'oneOf' && !notChosen.has(alternative(error) ?? ''));
  return kept.length > 0 ? kept : errors.filter((error) => error.keyword === 'oneOf');
}

function describe(error: ErrorObject): string {
  const path = error.instancePath.slice(1).replaceAll('/', '.');
  const at = (child?: string) => [path, child].filter(Boolean).join('.') || 'the document';
  switch (error.keyword) {
    case 'required':
      return `${at(error.params.missingProperty)} is missing`;
    case 'type':
      return `${at()} should be ${withArticle(String(error.params.type))}, but is ${shown(error)}`;
    case 'enum':
      return `${at()} should be one of ${error.params.allowedValues.map(quoted).join(', ')}, but is ${shown(error)}`;
    case 'pattern': {
      const form = (error.parentSchema as { pattern_descriptor?: string }).pattern_descriptor;
      return `${at()} should have the form ${form ?? error.params.pattern}, but is ${shown(error)}`;
    }
    case 'oneOf': {
      const [key, values] = choices(error.parentSchema as Schema);
      return `${at(key)} should be one of ${values.map(quoted).join(', ')}`;
    }
    default:
      return `${at()} ${error.message}, but is ${shown(error)}`;
  }
}

function choices(schema: Schema): [string | undefined, unknown[]] {
  const keyed = (schema.oneOf ?? []).flatMap((alternative) =>
    Object.entries(alternative.properties ?? {}).filter(([, property]) => property.const !== undefined),
  );
  return [keyed[0]?.[0], keyed.map(([, property]) => property.const)];
}

function shown(error: ErrorObject): string {
  if ((error.parentSchema as { airbyte_secret?: boolean } | undefined)?.airbyte_secret) return 'something else';
  const value = error.data;
  if (value !== null && typeof value === 'object') return Array.isArray(value) ? 'a list' : 'an object';
  return JSON.stringify(value) ?? 'nothing';
}

function quoted(value: unknown): string {
  return JSON.stringify(value);
}

function withArticle(type: string): string {
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type === 'array' ? 'list' : type}`.replace('an list', 'a list');
}

function warnOfUnknown(schema: Schema, value: unknown, what: string, path: string, tolerated: string[]): void {
  if (Array.isArray(value)) {
    if (schema.items?.properties) {
      for (const [index, item] of value.entries()) {
        warnOfUnknown(schema.items, item, what, `${path}[${index}]`, tolerated);
      }
    }
    return;
  }
  if (value === null || typeof value !== 'object') return;
  const known = knownProperties(schema);
  if (known.size === 0) return;
  for (const [key, child] of Object.entries(value)) {
    const at = path === '' ? key : `${path}.${key}`;
    const childSchema = known.get(key);
    if (childSchema) warnOfUnknown(childSchema, child, what, at, tolerated);
    else if (!tolerated.includes(at) && !key.startsWith('_')) {
      const meant = nearest(key, [...known.keys()]);
      log.warn(`The ${what} has an unknown option ${at}; it is ignored.${meant ? ` Did you mean ${meant}?` : ''}`);
    }
  }
}

function knownProperties(schema: Schema): Map<string, Schema> {
  const all = [schema, ...(schema.oneOf ?? [])].flatMap((each) => Object.entries(each.properties ?? {}));
  return new Map(all);
}
