import { runPlan } from '../../src/commands/sync/run-plan.js';
import { runSync } from '../../src/commands/sync/run-sync.js';
import { parsePipelineConfig } from '../../src/config/pipeline.js';
import { isReadByPost } from '../../src/hubspot/client/paths.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { DECLARED_STREAMS } from '../../src/streams/registry.js';
import { DuckDbWarehouse } from '../support/duckdb-warehouse.js';
import { TestFolder } from '../support/processes/command.js';
import { StandInWarehouse } from '../support/stand-in/snowflake-warehouse.js';
import type { TestWarehouse } from '../support/test-warehouse.js';
import { catalogOf } from './catalog.js';

/** All streams beside those of the CRM, synced into tables of both warehouses: what is in the portal is in the tables, and stays so. */

const NAMES = DECLARED_STREAMS.filter(({ group }) => group !== 'crm').map(({ name }) => name);

let sandbox: Sandbox;
let folder: TestFolder;
beforeEach(async () => {
  sandbox = await startSandbox({ counts: { '*': 0, contacts: 20 }, hubContacts: 0, limits: 'off' });
  const deal = sandbox.portal.create('deals', { dealname: 'archived' });
  sandbox.portal.archive('deals', deal);
  folder = new TestFolder();
  process.env.HUBSPOT_BASE_URL = sandbox.url;
});
afterEach(async () => {
  folder.remove();
  await sandbox.close();
});

const collectionAt = (path: string) => sandbox.portal.collectionAt(path);

async function goThrough(
  warehouse: TestWarehouse & { destination(): object },
  layout: 'airbyte' | 'columns',
): Promise<void> {
  const config = () =>
    parsePipelineConfig({
      name: 'crm',
      source: {
        credentials: { access_token: sandbox.token },
        objects: [{ object_type: 'owners' }],
        include: ['all', 'legacy'],
        exclude: ['crm'],
        layout,
      },
      destination: warehouse.destination(),
    });
  const sync = () => runSync(config(), new AbortController().signal, []);
  const plan = await runPlan(config(), new AbortController().signal, DECLARED_STREAMS);
  expect([plan.errors, plan.streams.map(({ stream }) => stream).sort()]).toEqual([[], [...NAMES].sort()]);

  const first = await sync();
  expect(first.errors).toEqual([]);
  const read = new Map(first.streams.map(({ stream, records }) => [stream, records]));
  expect([...read.keys()].sort()).toEqual([...NAMES].sort());
  for (const name of NAMES) {
    const [[key] = []] = (await catalogOf(sandbox, name, { layout })).source_defined_primary_key ?? [];
    const rows = await warehouse.rows(name, { [String(key)]: 'text' });
    expect([name, rows.length]).toEqual([name, read.get(name)]);
    expect([name, rows.length > 0]).toEqual([name, true]);
  }
  // Whatever is read, nothing is written: what HubSpot is asked by POST are the paths that read.
  const asked = sandbox.calls
    .last(Number.POSITIVE_INFINITY)
    .map(({ method, url }) => [method, url.split('?')[0] ?? '']);
  expect(new Set(asked.map(([method]) => method))).toEqual(new Set(['GET', 'POST']));
  expect(asked.filter(([method, path = '']) => method === 'POST' && !isReadByPost(path))).toEqual([]);
  const second = await sync();
  expect([second.errors, second.streams.filter(({ records }) => records > 0)]).toEqual([[], []]);

  const teams = collectionAt('/settings/users/:date/teams');
  const [teamId = ''] = teams.truth().keys();
  const users = teams.truth().get(teamId)?.userIds as string[];
  teams.put(teamId, { name: 'Renamed', userIds: users.slice(1), secondaryUserIds: [] });
  collectionAt('/marketing/v3/forms').erase('2001');
  await sync();
  expect(await warehouse.rows('teams', { id: 'text', name: 'text' })).toContainEqual({ id: teamId, name: 'Renamed' });
  const [team, user] = layout === 'columns' ? ['team_id', 'user_id'] : ['teamId', 'userId'];
  const members = await warehouse.rows('team_users', { [team]: 'text', [user]: 'text', archived: 'boolean' });
  const live = members.filter((row) => row[team] === teamId && row.archived === false).map((row) => row[user]);
  expect(live.sort()).toEqual(users.slice(1).sort());
  const forms = await warehouse.rows('forms', { id: 'text', archived: 'boolean' });
  expect(forms).toContainEqual({ id: '2001', archived: true });
}

test.each([
  ['DuckDB', 'airbyte', new DuckDbWarehouse()],
  ['DuckDB', 'columns', new DuckDbWarehouse()],
  ['Snowflake', 'columns', new StandInWarehouse()],
] as const)('into %s, in the layout %s', async (_, layout, warehouse) => {
  await warehouse.begin();
  try {
    await goThrough(warehouse, layout);
  } finally {
    await warehouse.end();
  }
});
