// Writes src/config/generated/options.ts: the types of configurations, from the JSON Schemas in spec/. `npm run config-types` writes
// it, `node scripts/config-types.mjs --check` says whether the file is current.
import { readFileSync, writeFileSync } from 'node:fs';
import { compile } from 'json-schema-to-typescript';

const file = new URL('../src/config/generated/options.ts', import.meta.url);
const TYPES = {
  source: 'SourceOptions',
  destination: 'SnowflakeOptions',
  'destination-duckdb': 'DuckDbOptions',
  pipeline: 'PipelineOptions',
};
const BANNER =
  '// Generated from spec/*.json by `npm run config-types`: a configuration that is valid, with its defaults filled in.';

/**
 * The schema of a document that was validated. Options with a default are there, except in a `oneOf`, where ajv fills in none.
 * Options that the schema does not know are no part of the type. Titles, which would become names of types, and descriptions stay in spec/.
 */
function validated(schema, fillsDefaults = true) {
  const { title, description, oneOf, items, properties, required = [], ...rest } = schema;
  const result = { ...rest };
  if (oneOf) result.oneOf = oneOf.map((each) => validated(each, false));
  if (items) result.items = validated(items, fillsDefaults);
  if (!properties) return result;
  const entries = Object.entries(properties);
  const filled = entries.filter(([, property]) => fillsDefaults && property.default !== undefined).map(([key]) => key);
  return {
    ...result,
    properties: Object.fromEntries(entries.map(([key, property]) => [key, validated(property, fillsDefaults)])),
    required: [...new Set([...required, ...filled])],
    additionalProperties: false,
  };
}

const OPTIONS = {
  bannerComment: '',
  ignoreMinAndMaxItems: true,
  style: { printWidth: 120, singleQuote: true },
};
const types = [];
for (const [name, type] of Object.entries(TYPES)) {
  const schema = JSON.parse(readFileSync(new URL(`../spec/${name}.json`, import.meta.url), 'utf8'));
  types.push(await compile(validated(schema), type, OPTIONS));
}
const text = `${BANNER}\n\n${types.join('\n')}`;

if (!process.argv.includes('--check')) writeFileSync(file, text);
else if (readFileSync(file, 'utf8') !== text) {
  console.error('src/config/generated/options.ts is not what spec/ says: run npm run config-types.');
  process.exitCode = 1;
}
