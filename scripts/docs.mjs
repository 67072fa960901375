// Writes what the documentation takes from the code: the table of streams in docs/airbyte.md. `npm run docs` writes it,
// `node scripts/docs.mjs --check` says whether the page is current. Needs dist/.

import { readFileSync, writeFileSync } from 'node:fs';
import { parseSourceConfig } from '../dist/config/source.js';
import { customObjectType } from '../dist/hubspot/api/object-types.js';
import { KeptAnswers } from '../dist/hubspot/client/answer-cache.js';
import { KnownObjects } from '../dist/streams/core/known-objects.js';
import { DECLARED_STREAMS } from '../dist/streams/registry.js';
import { planStreams } from '../dist/streams/selection/plan-streams.js';

const page = new URL('../docs/airbyte.md', import.meta.url);
const [START, END] = ['<!-- streams: made by npm run docs -->', '<!-- streams end -->'];

/** A portal without properties: what every stream has, whatever the portal adds. */
const client = {
  round: {},
  kept: new KeptAnswers(),
  call: async (_, decode) => decode(Buffer.from('{"results":[]}')),
};
const CUSTOM = customObjectType({ name: '<name>', objectTypeId: '2-1', fullyQualifiedName: 'p1_<name>' });
const association_streams = [{ from_object: '<from>', to_object: '<to>' }];
const known = new KnownObjects([
  CUSTOM,
  ...['<from>', '<to>'].map((name) => ({
    ...CUSTOM,
    name,
    stream: name,
    aliases: [],
    scopes: [[`scopes of ${name}`]],
  })),
]);
const credentials = { access_token: 'none' };

async function rows() {
  const configs = ['airbyte', 'columns'].map((layout) =>
    parseSourceConfig({ credentials, layout, association_streams }),
  );
  const [plans, others] = configs.map((config) => planStreams(config, known, DECLARED_STREAMS, 'all'));
  // Of histories, those that are not like the others, and one for all.
  const isOwnHistory = (name) => /^(contacts|companies|deals|<name>)_/.test(name);
  const isShown = ({ name }) =>
    !/^<(from|to)>(_pipelines|_property_history)?$/.test(name) && (!isHistory(name) || isOwnHistory(name));
  return Promise.all(
    plans.filter(isShown).map(async (plan) => {
      const other = others.find(({ name }) => name === plan.name);
      const [airbyte, columns] = await Promise.all(
        [plan, other].map(async (each, index) => (await each.open(portalOf(configs[index]))).entry),
      );
      const key = airbyte.source_defined_primary_key.map(([field]) => code(field)).join(', ');
      const cursors = [airbyte, columns].map(({ default_cursor_field: field }) => field?.map(code).join('') ?? 'none');
      const isIncremental = airbyte.supported_sync_modes.includes('incremental');
      const { increment = 'whole', calls = '' } = plan.reading ?? {};
      const scopes = plan.scopes.map((group) => group.map(code).join(' or ')).join(', and ');
      const declared = DECLARED_STREAMS.find(({ name }) => name === plan.name)?.group;
      const group = declared ?? (isHistory(plan.name) ? 'history' : 'crm');
      const linked = group === 'crm' ? links(airbyte) : '';
      const how = isIncremental ? increment : 'none';
      return [
        group,
        code(plan.name),
        key,
        [...new Set(cursors)].join(' or '),
        how,
        calls,
        scopes,
        plan.tier ?? '',
        linked,
      ];
    }),
  );
}

const portalOf = (config) => ({ client, config, known, id: null, localDates: null, tokenScopes: async () => null });

/** The fields that hold the ids of associated records. */
function links({ json_schema }) {
  const fields = Object.entries(json_schema.properties);
  return fields.flatMap(([field, { items }]) => (items?.type.includes('string') ? [code(field)] : [])).join(', ');
}

const isHistory = (name) => name.endsWith('_property_history');

const code = (text) => `\`${text}\``;

function table(body) {
  const head = ['Group', 'Stream', 'Primary key', 'Cursor', 'Incremental', 'Calls', 'Scope', 'Tier', 'Associated ids'];
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
