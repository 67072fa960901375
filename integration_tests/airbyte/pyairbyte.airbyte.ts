import type { JsonObject } from '../../src/protocol/messages.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { query } from '../support/duckdb.js';
import { TestFolder } from '../support/processes/command.js';
import { lastLine, program, root, runPython } from './tools.js';

const STREAMS = ['contacts', 'deals', 'owners', 'associations_contacts_companies'];

let sandbox: Sandbox;
let folder: TestFolder;

beforeAll(async () => {
  sandbox = await startSandbox({ counts: { contacts: 350 }, limits: { burst: 5000, searchPerSecond: 1000 } });
  folder = new TestFolder();
});

afterAll(async () => {
  folder.remove();
  await sandbox.close();
});

async function work(job: JsonObject): Promise<JsonObject> {
  const given = {
    reader: program(folder, 'reader'),
    writer: program(folder, 'writer', ['destination']),
    config: {
      credentials: { credentials_title: 'Private App Credentials', access_token: sandbox.token },
      association_streams: [{ from_object: 'contacts', to_object: 'companies' }],
    },
    ...job,
  };
  const printed = await runPython({
    args: [`${root}integration_tests/airbyte/pyairbyte.py`],
    environment: { HUBSPOT_BASE_URL: sandbox.url },
    cwd: folder.path,
    input: JSON.stringify(given),
  });
  return lastLine(printed);
}

const ids = (rows: unknown) => (rows as { id: string }[]).map(({ id }) => id).sort();
const liveIds = (objectType: string) =>
  sandbox.portal
    .truth(objectType)
    .live.map(({ id }) => id)
    .sort();

test('validates, checks and discovers', async () => {
  const { streams } = await work({ job: 'describe' });
  expect(streams).toEqual(expect.arrayContaining(STREAMS));
});

test('a configuration that does not fit is refused by the specification, a wrong token by the check', async () => {
  const unfit = await work({ job: 'refuse', method: 'validate_config', config: { credentials: {} } });
  expect(unfit.error).toBe('AirbyteConnectorValidationFailedError');
  const credentials = { credentials_title: 'Private App Credentials', access_token: 'pat-na1-wrong' };
  const wrong = await work({ job: 'refuse', method: 'check', config: { credentials } });
  expect(wrong.error).toBe('AirbyteConnectorCheckFailedError');
});

test('two reads into its cache: everything, then what has changed, by the state it kept', async () => {
  const job = { job: 'read', streams: STREAMS, cache: folder.join('cache.duckdb') };
  const first = await work(job);
  const tables = first.tables as Record<string, JsonObject[]>;
  expect(ids(tables.contacts)).toEqual(liveIds('contacts'));
  expect(ids(tables.deals)).toEqual(liveIds('deals'));
  expect(tables.owners).toHaveLength(sandbox.portal.owners.filter((owner) => !owner.archived).length);
  expect(tables.associations_contacts_companies?.length).toBeGreaterThan(0);

  const [edited, archived] = liveIds('contacts') as [string, string];
  sandbox.portal.edit('contacts', edited, { firstname: 'Grace' });
  sandbox.portal.archive('contacts', archived);
  const created = sandbox.portal.create('deals', { dealname: 'New' });
  // Without the association stream, which is read whole each time.
  const second = await work({ ...job, streams: STREAMS.slice(0, 3) });
  const now = second.tables as Record<string, JsonObject[]>;
  expect(ids(now.deals)).toEqual(liveIds('deals'));
  expect(ids(now.deals)).toContain(created);
  // An archived contact stays, marked.
  expect(ids(now.contacts)).toEqual([...liveIds('contacts'), archived].sort());
  const contact = (id: string) => now.contacts?.find((row) => row.id === id);
  expect(contact(edited)).toMatchObject({ properties_firstname: 'Grace', archived: false });
  expect(contact(archived)).toMatchObject({ archived: true });
  // The edited and the archived contact, and the deal.
  expect(second.records).toBe(3);
});

test('as a destination it merges what a source pipes to it, and a second sync adds what has changed', async () => {
  const destination = { type: 'duckdb', path: folder.join('warehouse.duckdb'), schema: 'crm' };
  const job = { job: 'write', streams: ['contacts', 'deals'], destination, cache: folder.join('states.duckdb') };
  const held = async (table: string) =>
    ids(await query(destination.path, `SELECT id FROM crm.${table} WHERE NOT archived ORDER BY id`));
  const first = await work(job);
  expect(await held('contacts')).toEqual(liveIds('contacts'));
  expect(await held('deals')).toEqual(liveIds('deals'));
  expect(first.records).toBe(liveIds('contacts').length + liveIds('deals').length);

  const [edited, archived] = liveIds('contacts') as [string, string];
  sandbox.portal.edit('contacts', edited, { firstname: 'Katherine' });
  sandbox.portal.archive('contacts', archived);
  const second = await work(job);
  expect(second.records).toBe(2);
  expect(await held('contacts')).toEqual(liveIds('contacts'));
  const found = await query(
    destination.path,
    `SELECT properties_firstname AS name FROM crm.contacts WHERE id = '${edited}'`,
  );
  expect(found).toEqual([{ name: 'Katherine' }]);
});
