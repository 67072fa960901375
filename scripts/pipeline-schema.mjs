// Writes spec/pipeline.schema.json: one JSON Schema of a whole pipeline as people write it, for editors, compiled from the other schemas in
// spec/. `npm run pipeline-schema` writes it, `node scripts/pipeline-schema.mjs --check` says whether it is current.
import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('../spec/pipeline.schema.json', import.meta.url);
const read = (name) => JSON.parse(readFileSync(new URL(`../spec/${name}.json`, import.meta.url), 'utf8'));

/** Keywords of Airbyte's forms, which editors do not know or read otherwise. */
const OF_FORMS = [
  ...['$schema', 'group', 'groups', 'order', 'display_type', 'always_show', 'multiline'],
  ...['airbyte_secret', 'airbyte_hidden', 'pattern_descriptor'],
  // A date without a time is taken, too, and so is ${NAME}: the pattern beside it says so.
  'format',
];

/** By which options a kind of login is recognised where it is not named, as `nameTheCredentials` and `kindOfLogin` do. */
const RECOGNISED_BY = {
  'OAuth Credentials': ['refresh_token'],
  'Private App Credentials': ['access_token'],
  'Key Pair Authentication': ['private_key', 'private_key_file'],
  'Username and Password': ['password'],
  'Programmatic Access Token': ['token'],
  OAuth: ['access_token', 'client_id'],
  'Snowpark Container Services': ['token_file'],
  'Workload Identity': ['provider'],
  'External Browser': [],
};

/** Options of Airbyte's connectors that are accepted without effect, which is why no spec/ has them. */
const WITHOUT_EFFECT = {
  source: ['enable_experimental_streams', 'property_history_lookback_window', 'num_workers'],
  destination: ['raw_data_schema', 'raw_data_dataset', 'use_merge_for_upsert'],
};

/** In pipelines a text may be, or contain, `${NAME}`, which fits no pattern and no list of choices. */
const VARIABLE = '\\$\\{';

function forPeople(schema) {
  const kept = Object.fromEntries(Object.entries(schema).filter(([key]) => !OF_FORMS.includes(key)));
  const { properties, items, oneOf, pattern, enum: choices, ...result } = kept;
  if (pattern) result.pattern = `(${pattern})|${VARIABLE}`;
  if (choices) result.anyOf = [{ enum: choices }, { type: 'string', pattern: VARIABLE }];
  if (items) result.items = forPeople(items);
  if (oneOf) result.anyOf = oneOf.map(alternative);
  if (properties) {
    result.properties = Object.fromEntries(Object.entries(properties).map(([key, each]) => [key, forPeople(each)]));
    // What hubflake warns of as unknown. Names that begin with an underscore are notes.
    result.patternProperties = { '^_': true };
    result.additionalProperties = false;
  }
  return result;
}

/** A kind of login, which need not name itself. */
function alternative(schema) {
  const { required = [], ...rest } = forPeople(schema);
  const [name, { const: kind }] = Object.entries(schema.properties).find(([, each]) => each.const !== undefined);
  const recognised = [name, ...RECOGNISED_BY[kind]].map((key) => ({ required: [key] }));
  return { ...rest, required: required.filter((key) => key !== name), anyOf: recognised };
}

function withoutEffect(names) {
  const description = 'Accepted as Airbyte has it, without effect.';
  return Object.fromEntries(names.map((name) => [name, { description }]));
}

function source() {
  const schema = forPeople(read('source'));
  const { history } = schema.properties.objects.items.properties;
  const { title, description, ...list } = history;
  schema.properties.objects.items.properties.history = { title, description, anyOf: [{ type: 'boolean' }, list] };
  Object.assign(schema.properties, withoutEffect(WITHOUT_EFFECT.source));
  return schema;
}

function destination() {
  const { required, ...snowflake } = forPeople(read('destination'));
  const duckdb = forPeople(read('destination-duckdb'));
  Object.assign(snowflake.properties, withoutEffect(WITHOUT_EFFECT.destination));
  // A connection of Snowflake's own files has the rest.
  snowflake.anyOf = [{ required: ['connection'] }, { required }];
  return {
    type: 'object',
    properties: {
      type: {
        title: 'Warehouse',
        description: 'Which warehouse to write to: snowflake, which is the default, or duckdb.',
        enum: ['snowflake', 'duckdb'],
      },
    },
    if: { properties: { type: { const: 'duckdb' } }, required: ['type'] },
    // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
    then: duckdb,
    else: snowflake,
  };
}

const pipeline = forPeople(read('pipeline'));
const described = (schema, title, description) => ({ ...schema, title, description });

const text = `${JSON.stringify(
  {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $comment: 'Compiled from the other schemas in this folder by npm run pipeline-schema.',
    ...pipeline,
    properties: {
      $schema: { description: 'Where editors find this schema.', type: 'string' },
      ...pipeline.properties,
      source: described(source(), 'Source', 'What to read from HubSpot, and how.'),
      destination: described(
        destination(),
        'Destination',
        'Where the tables go: Snowflake, or a DuckDB file ("type": "duckdb").',
      ),
    },
  },
  null,
  2,
)}\n`;

if (!process.argv.includes('--check')) writeFileSync(file, text);
else if (readFileSync(file, 'utf8') !== text) {
  console.error('spec/pipeline.schema.json is not what the other schemas say: run npm run pipeline-schema.');
  process.exitCode = 1;
}
