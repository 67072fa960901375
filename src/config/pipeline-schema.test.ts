// biome-ignore-all lint/suspicious/noTemplateCurlyInString: pipelines have them
import { readFileSync } from 'node:fs';
import { getLanguageService, type JSONDocument, TextDocument } from 'vscode-json-languageservice';
import { readConfigFile } from './files.js';
import { parsePipelineConfig } from './pipeline.js';

/** What an editor makes of spec/pipeline.schema.json: VS Code's own language service looks at a pipeline that refers to it. */

const SCHEMA = new URL('../../spec/pipeline.schema.json', import.meta.url);
const service = getLanguageService({
  schemaRequestService: async (uri) => readFileSync(new URL(uri), 'utf8'),
  workspaceContext: { resolveRelativePath: (path, base) => new URL(path, base).href },
});

/** A pipeline as it is being written; `|` is where the cursor is. */
function opened(text: string): { document: TextDocument; json: JSONDocument; at: { line: number; character: number } } {
  const cursor = text.indexOf('|');
  const content = text.replace('|', '').replace('{', `{"$schema": "${SCHEMA.href}", `);
  const document = TextDocument.create('file:///somewhere/pipeline.json', 'json', 1, content);
  const moved = cursor + content.length - text.length + (cursor === -1 ? 0 : 1);
  return { document, json: service.parseJSONDocument(document), at: document.positionAt(moved) };
}

async function completions(text: string): Promise<string[]> {
  const { document, json, at } = opened(text);
  const list = await service.doComplete(document, at, json);
  return (list?.items ?? []).map(({ label }) => label);
}

async function hover(text: string): Promise<string> {
  const { document, json, at } = opened(text);
  const found = await service.doHover(document, at, json);
  // As Markdown, with backslashes before what would have a meaning there.
  return String(found?.contents).replaceAll('\\', '');
}

async function problems(pipeline: object): Promise<string[]> {
  const { document, json } = opened(JSON.stringify(pipeline));
  return (await service.doValidation(document, json)).map(({ message }) =>
    typeof message === 'string' ? message : message.value,
  );
}

test('an editor offers the options of the destination: those of Snowflake, or of DuckDB where it is one', async () => {
  const snowflake = await completions('{"destination": {|}}');
  expect(snowflake).toEqual(expect.arrayContaining(['type', 'host', 'credentials', 'warehouse', 'connection']));
  expect(snowflake).not.toContain('path');
  const duckdb = await completions('{"destination": {"type": "duckdb", |}}');
  expect(duckdb).toEqual(expect.arrayContaining(['path', 'memory_limit_mb']));
  expect(duckdb).not.toContain('host');
});

test.each([
  ['{|}', ['name', 'source', 'destination', 'streams']],
  ['{"source": {|}}', ['credentials', 'objects', 'layout', 'sweep_every']],
  ['{"source": {"layout": |}}', ['"airbyte"', '"columns"', '"fivetran"']],
  ['{"source": {"objects": [{|}]}}', ['object_type', 'filter_groups', 'history']],
  ['{"destination": {"type": |}}', ['"snowflake"', '"duckdb"']],
  ['{"destination": {"credentials": {|}}}', ['auth_type', 'private_key_file', 'token', 'provider']],
  ['{"destination": {"credentials": {"auth_type": |}}}', ['"Key Pair Authentication"', '"Workload Identity"']],
  ['{"streams": [{"sync_mode": |}]}', ['"full_refresh"', '"incremental"']],
])('at %s it offers %j', async (text, offered) => {
  expect(await completions(text)).toEqual(expect.arrayContaining(offered));
});

test.each([
  ['{"source": {"lay|out": "columns"}}', 'field for field'],
  ['{"destination": {"flush|_mb": 100}}', 'A commit is made when so many compressed megabytes are waiting.'],
  ['{"destination": {"type": "duckdb", "pa|th": "a"}}', 'The DuckDB file.'],
  ['{"desti|nation": {}}', 'Where the tables go'],
])('over %s it shows what the option does', async (text, description) => {
  expect(await hover(text)).toContain(description);
});

const base = {
  name: 'crm',
  source: { credentials: { access_token: '${TOKEN}' } },
  destination: { type: 'duckdb', path: 'crm.duckdb' },
};
const snowflake = {
  host: 'acme.snowflakecomputing.com',
  database: 'D',
  schema: 'S',
  username: 'U',
  credentials: { token: '${TOKEN}' },
};

test.each<[string, object]>([
  ['the least', base],
  ['notes', { ...base, _why: 1, source: { ...base.source, _note: 'x' } }],
  ['OAuth', { ...base, source: { credentials: { client_id: 'c', client_secret: 's', refresh_token: 'r' } } }],
  ['Snowflake', { ...base, destination: snowflake }],
  [
    'titles',
    {
      ...base,
      destination: { ...snowflake, type: 'snowflake', credentials: { auth_type: 'OAuth', access_token: 'a' } },
    },
  ],
  ['variables', { ...base, source: { ...base.source, layout: '${L}', start_date: '${D}' } }],
  ['histories', { ...base, source: { ...base.source, objects: [{ object_type: 'deals', history: true }] } }],
  [
    "options of Airbyte's that are not acted on",
    {
      ...base,
      source: {
        ...base.source,
        enable_experimental_streams: true,
        num_workers: 3,
        property_history_lookback_window: 1,
      },
      destination: { ...snowflake, raw_data_schema: 'R', raw_data_dataset: 'R', use_merge_for_upsert: true },
    },
  ],
])('it finds nothing wrong with a pipeline that hubflake takes: %s', async (_, pipeline) => {
  const environment = { TOKEN: 'token-of-tests', L: 'columns', D: '2024-01-01' };
  expect(() => parsePipelineConfig(pipeline, environment)).not.toThrow();
  expect(await problems(pipeline)).toEqual([]);
});

test.each<[string, object, RegExp]>([
  ['nothing', {}, /Missing property "name"/],
  ['an unknown option', { ...base, destination: { ...base.destination, flsh_mb: 1 } }, /flsh_mb is not allowed/],
  [
    'an unknown choice',
    { ...base, source: { ...base.source, layout: 'wide' } },
    /Valid values: "airbyte", "columns", "fivetran"/,
  ],
  ['no login', { ...base, source: { credentials: {} } }, /Missing property/],
  ['no date', { ...base, source: { ...base.source, start_date: 'soon' } }, /does not match the pattern/],
  ['no place in Snowflake', { ...base, destination: { host: 'acme.snowflakecomputing.com' } }, /Missing property/],
  ['a mode that is none', { ...base, streams: [{ name: 'a', sync_mode: 'all' }] }, /"incremental"/],
])('it marks %s', async (_, pipeline, message) => {
  expect((await problems(pipeline)).join('\n')).toMatch(message);
});

test('the schema stands alone', () => {
  const text = readFileSync(SCHEMA, 'utf8');
  expect(text).not.toContain('"$ref"');
  expect(readConfigFile(SCHEMA.pathname, 'schema')).toMatchObject({ required: ['name', 'source', 'destination'] });
});
