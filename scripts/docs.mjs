// Writes what the documentation takes from the code: the table of streams in docs/airbyte.md. `npm run docs` writes it,
// `node scripts/docs.mjs --check` says whether the page is current. Needs dist/.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseSourceConfig } from '../dist/config/source.js';
import { customObjectType } from '../dist/hubspot/api/object-types.js';
import { KnownObjects } from '../dist/streams/core/known-objects.js';
import { catalogEntry, defineStream } from '../dist/streams/definition.js';
import { planStreams } from '../dist/streams/selection.js';
import { scopesOf } from '../dist/streams/stream-scopes.js';

const page = new URL('../docs/airbyte.md', import.meta.url);
const [START, END] = ['<!-- streams: made by npm run docs -->', '<!-- streams end -->'];

/** A portal without properties: what every stream has, whatever the portal adds. */
const client = { call: async (_, decode) => decode(Buffer.from('{"results":[]}')) };
const CUSTOM = customObjectType({ name: '<name>', objectTypeId: '2-1', fullyQualifiedName: 'p1_<name>' });
const association_streams = [{ from_object: '<from>', to_object: '<to>' }];
const known = new KnownObjects([
  CUSTOM,
  ...['<from>', '<to>'].map((name) => ({ ...CUSTOM, name, stream: name, aliases: [] })),
]);
const credentials = { access_token: 'none' };

async function rows() {
  const configs = ['airbyte', 'columns'].map((layout) =>
    parseSourceConfig({ credentials, layout, association_streams }),
  );
  const plans = planStreams(configs[0], known).filter(({ type }) => !type?.custom || type.name === CUSTOM.name);
  return Promise.all(
    plans.map(async (plan) => {
      const [airbyte, columns] = await Promise.all(
        configs.map(async (config) => catalogEntry(await defineStream(client, config, plan, known))),
      );
      const key = airbyte.source_defined_primary_key.map(([field]) => code(field)).join(', ');
      const cursors = [airbyte, columns].map(({ default_cursor_field: field }) => field?.map(code).join('') ?? 'none');
      const modes = airbyte.supported_sync_modes.includes('incremental') ? 'yes' : 'no';
      const groups = scopesOf(plan).map((group) => group.map(code).join(' or '));
      const scopes = plan.kind === 'associations' ? 'those of both objects' : groups.join(', and ');
      const links = plan.kind === 'object' ? plan.type.associations.map(code).join(', ') : '';
      return [code(plan.name), key, [...new Set(cursors)].join(' or '), modes, scopes, links];
    }),
  );
}

const code = (text) => `\`${text}\``;

function table(body) {
  const head = ['Stream', 'Primary key', 'Cursor', 'Incremental', 'Scope', 'Associated ids'];
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n');
}

const text = readFileSync(page, 'utf8');
const [before, rest] = text.split(START);
const after = rest?.split(END)[1];
if (after === undefined) throw new Error(`docs/airbyte.md lacks the lines "${START}" and "${END}".`);
const current = `${before}${START}\n\n${table(await rows())}\n\n${END}${after}`;
if (process.argv.includes('--check')) {
  if (text !== current) {
    console.error('docs/airbyte.md is not what the code says: run npm run docs.');
    process.exitCode = 1;
  }
} else if (text !== current) writeFileSync(page, current);
