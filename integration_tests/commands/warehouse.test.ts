import { existsSync } from 'node:fs';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { query, tables } from '../support/duckdb.js';
import { configure, hubflake, lastStates, ofType, TestFolder } from '../support/processes/command.js';
import { judgeMessages } from '../support/schedules/judge.js';
import { liveRecords, propertyTypes } from '../support/schedules/truth.js';

const OBJECTS: [table: string, objectType: string, associations: string[]][] = [
  ['contacts', 'contacts', ['companies']],
  ['deals', 'deals', ['companies', 'contacts', 'line_items']],
  ['engagements_tasks', 'tasks', ['companies', 'contacts', 'deals', 'tickets']],
  ['vehicles', 'vehicles', []],
];
const STREAMS = [...OBJECTS.map(([table]) => table), 'owners', 'deal_pipelines'];

let sandbox: Sandbox;
let folder: TestFolder;
let database: string;

beforeEach(async () => {
  sandbox = await startSandbox({
    counts: { contacts: 350, deals: 120 },
    limits: { burst: 5000, searchPerSecond: 1000 },
  });
  folder = new TestFolder();
  database = folder.join('crm.duckdb');
});

afterEach(async () => {
  folder.remove();
  await sandbox.close();
});

const environment = () => ({ HUBSPOT_BASE_URL: sandbox.url, HUBSPOT_TOKEN: sandbox.token });

const nameOf = (state: object) =>
  (state as { stream?: { stream_descriptor: { name: string } } }).stream?.stream_descriptor.name;

interface Change {
  archived: string[];
  merged: [loser: string, survivor: string][];
}

/** What happens in the portal between two syncs. */
function changePortal(): Change {
  const { portal } = sandbox;
  const contacts = portal.truth('contacts').live.map((record) => record.id) as [string, string, string, string, string];
  portal.edit('contacts', contacts[0], { firstname: "O'Brien; DROP TABLE contacts; --", annualrevenue: '0.30' });
  portal.archive('contacts', contacts[1]);
  const merged = portal.merge('contacts', contacts[2], contacts[3]);
  portal.create('contacts', { firstname: 'New 😀', email: 'new@example.com' });
  portal.addProperty('deals', { name: 'forecast_amount', label: 'Forecast', type: 'number' });
  portal.edit('deals', portal.truth('deals').live[0]?.id as string, { forecast_amount: '1234567890123456.789' });
  return {
    archived: [contacts[1]],
    merged: [
      [contacts[2], merged],
      [contacts[3], merged],
    ],
  };
}

interface Layout {
  column: (property: string) => string;
  links: (object: string) => string;
}

/** Holds every table against the portal: all rows, all columns, all values. */
async function expectTruth(
  layout: Layout,
  change: Change = { archived: [], merged: [] },
  changed = false,
): Promise<void> {
  for (const [table, objectType, all] of OBJECTS) {
    const associations = changed ? [] : all;
    const types = await propertyTypes(sandbox, objectType, !changed);
    const truth = await liveRecords(sandbox, objectType, types, associations);
    const columns = [...types].map(([name, type]) => {
      const column = `"${layout.column(name)}"`;
      const value = { datetime: `epoch_ms(${column})::DOUBLE`, number: `${column}::DOUBLE` }[type] ?? column;
      return `${value} AS "${name}"`;
    });
    const links = associations.map((name) => `list_sort("${layout.links(name)}"::VARCHAR[]) AS "links ${name}"`);
    const rows = await query(
      database,
      `SELECT id AS key, ${[...columns, ...links].join(', ')} FROM "${table}" WHERE NOT archived`,
    );
    expect([table, rows.map((row) => row.key).sort()]).toEqual([table, [...truth.keys()].sort()]);
    for (const row of rows) {
      const expected = truth.get(String(row.key));
      const values = Object.fromEntries([...types.keys()].map((name) => [name, row[name]]));
      expect({ table, values }).toEqual({ table, values: expected?.values });
      for (const name of associations) expect(row[`links ${name}`]).toEqual(expected?.associations[name]);
    }
  }
  const gone = await query(database, 'SELECT id, merged_into FROM contacts WHERE archived ORDER BY id');
  const expected = [
    ...change.archived.map((id) => ({ id, merged_into: null })),
    ...change.merged.map(([id, merged_into]) => ({ id, merged_into })),
  ];
  expect(gone).toEqual(expected.sort((a, b) => a.id.localeCompare(b.id)));
  expect(Number((await query(database, 'SELECT count(*) AS n FROM owners'))[0]?.n)).toBe(
    sandbox.portal.owners.filter((owner) => !owner.archived).length,
  );
}

describe('hubflake read | hubflake write', () => {
  const AIRBYTE: Layout = { column: (name) => `properties_${name}`, links: (name) => name };

  test('puts the portal into tables, then its changes, and confirms each state once', async () => {
    const source = folder.write('source.json', { credentials: { access_token: sandbox.token } });
    const destination = folder.write('destination.json', { type: 'duckdb', path: database });
    const sync = async (states: object[]) => {
      const discovered = await hubflake(['discover', '--config', source], { environment: environment() });
      const catalog = folder.write(
        'catalog.json',
        configure(discovered, (name) => STREAMS.includes(name)),
      );
      const state = folder.write('state.json', states);
      const read = await hubflake(['read', '--config', source, '--catalog', catalog, '--state', state], {
        environment: environment(),
      });
      expect(read.code).toBe(0);
      const written = await hubflake(['write', '--config', destination, '--catalog', catalog], { input: read.stdout });
      expect(written).toMatchObject({ code: 0, stderr: '' });
      await judgeMessages(written.lines);
      const echoed = ofType(written, 'STATE').map(({ state: { destinationStats, ...rest } }) => rest);
      // In the order of each stream: one that no record waits in front of goes out at once.
      const byStream = (states: object[]) => STREAMS.map((name) => states.filter((state) => nameOf(state) === name));
      expect(byStream(echoed)).toEqual(byStream(ofType(read, 'STATE').map(({ state: sent }) => sent)));
      expect(echoed).toHaveLength(ofType(read, 'STATE').length);
      for (const { state: sent } of ofType(written, 'STATE')) {
        expect(sent.destinationStats?.recordCount).toBe(sent.sourceStats?.recordCount);
      }
      return written;
    };

    const first = await sync([]);
    await expectTruth(AIRBYTE);
    const change = changePortal();
    await sync(lastStates(first));
    await expectTruth(AIRBYTE, change, true);
  });
});

describe('hubflake sync', () => {
  const COLUMNS: Layout = { column: (name) => name, links: (name) => `associated_${name}` };
  const pipeline = (more: object = {}) =>
    folder.write('pipeline.json', {
      name: 'crm',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the pipeline's own placeholder
      source: { credentials: { access_token: '${HUBSPOT_TOKEN}' }, layout: 'columns' },
      destination: { type: 'duckdb', path: database },
      streams: STREAMS.map((name) => ({ name })),
      ...more,
    });
  const sync = async (config: string) => {
    const outcome = await hubflake(['sync', '--config', config, '--json'], { environment: environment() });
    expect(outcome).toMatchObject({ code: 0 });
    return JSON.parse(outcome.stdout) as {
      streams: {
        stream: string;
        records: number;
        inserted: number;
        updated: number;
        marked: number;
        complete: boolean;
      }[];
      calls: { total: number; least: number; repeats: number };
    };
  };

  test('puts the portal into tables, then its changes, with the state beside the data', async () => {
    const config = pipeline();
    const first = await sync(config);
    await expectTruth(COLUMNS);
    expect(first.streams.find(({ stream }) => stream === 'contacts')).toMatchObject({
      inserted: sandbox.portal.truth('contacts').live.length,
      updated: 0,
      marked: 0,
      complete: true,
    });
    expect(first.calls).toMatchObject({ repeats: 0, total: first.calls.least });

    const change = changePortal();
    const second = await sync(config);
    await expectTruth(COLUMNS, change, true);
    expect(second.streams.find(({ stream }) => stream === 'contacts')).toMatchObject({
      inserted: 2,
      updated: 1,
      marked: 3,
    });
    // A search that counts deals which were merged away is asked again, as are those behind it.
    expect(second.calls.total - second.calls.least).toBeLessThanOrEqual(2);
    const states = await query(database, 'SELECT STREAM, SEQ::INTEGER AS SEQ FROM _HUBFLAKE_STATE ORDER BY 1');
    expect(states.map((row) => row.STREAM)).toEqual([...STREAMS].sort());
  });

  test('keeps the digits of a number that its column has, and notes what no column can hold', async () => {
    const { portal } = sandbox;
    const [first, second, third] = portal.truth('deals').live.map((record) => record.id) as [string, string, string];
    portal.edit('deals', first, { amount: '12345678901234567890.1234567891' });
    portal.edit('deals', second, { amount: '12345678901234567890123456789.5' });
    portal.edit('deals', third, { amount: '0.12345678905234567890123' });
    await sync(pipeline({ streams: [{ name: 'deals' }] }));
    const rows = await query(
      database,
      `SELECT id, amount::VARCHAR AS amount, _airbyte_meta->'$.changes' AS changes FROM deals WHERE id IN ('${first}', '${second}', '${third}') ORDER BY id`,
    );
    expect(rows[0]).toEqual({ id: first, amount: '12345678901234567890.1234567891', changes: '[]' });
    expect(rows[1]).toMatchObject({ id: second, amount: null });
    expect(JSON.parse(String(rows[1]?.changes))).toEqual([
      expect.objectContaining({
        field: 'amount',
        change: 'NULLED',
        reason: 'DESTINATION_TYPECAST_ERROR',
        value: '12345678901234567890123456789.5',
      }),
    ]);
    expect(rows[2]).toEqual({ id: third, amount: '0.1234567891', changes: '[]' });
  });

  test("makes HubSpot's labels comments of the columns", async () => {
    await sync(pipeline({ streams: [{ name: 'contacts' }] }));
    const [row] = await query(
      database,
      "SELECT comment FROM duckdb_columns() WHERE table_name = 'contacts' AND column_name = 'email'",
    );
    expect(row?.comment).toContain('Email');
  });

  test('makes no table, and keeps no state, where HubSpot has nothing', async () => {
    await sandbox.close();
    sandbox = await startSandbox({ counts: { '*': 0 } });
    const { streams } = await sync(pipeline({ streams: [{ name: 'contacts' }, { name: 'carts' }] }));
    expect(streams.map(({ records, complete }) => [records, complete])).toEqual([
      [0, true],
      [0, true],
    ]);
    expect(existsSync(database) ? await tables(database) : []).toEqual([]);
  });

  test('an overwrite replaces the rows, a full refresh by append adds to them', async () => {
    const overwrite = pipeline({ streams: [{ name: 'taxes', sync_mode: 'full_refresh' }] });
    await sync(overwrite);
    const { portal } = sandbox;
    const [gone] = portal.truth('taxes').live.map((record) => record.id) as [string];
    portal.archive('taxes', gone);
    await sync(overwrite);
    const live = portal.truth('taxes').live.map((record) => record.id);
    expect((await query(database, 'SELECT id FROM taxes ORDER BY id')).map((row) => row.id)).toEqual([...live].sort());
    await sync(pipeline({ streams: [{ name: 'taxes', sync_mode: 'full_refresh', destination_sync_mode: 'append' }] }));
    expect(await query(database, 'SELECT count(*)::INTEGER AS n FROM taxes')).toEqual([{ n: live.length * 2 }]);
    expect(await tables(database)).toEqual(['_HUBFLAKE_STATE', '_HUBFLAKE_SYNCS', 'taxes']);
  });

  test('without streams it syncs all that the token may read, and leaves the rest out', async () => {
    sandbox.access.setScopes(['crm.objects.contacts.read', 'crm.schemas.contacts.read', 'crm.objects.owners.read']);
    const outcome = await hubflake(['sync', '--config', pipeline({ streams: undefined })], {
      environment: environment(),
    });
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).toContain('companies is left out: the token lacks the scope crm.objects.companies.read');
    expect(outcome.stdout).toContain('contacts');
    expect(await tables(database)).toEqual(expect.arrayContaining(['contacts', 'owners']));
    expect(await tables(database)).not.toContain('companies');
  });

  test('says so where exclude leaves nothing to read', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the pipeline's own placeholder
    const source = { credentials: { access_token: '${HUBSPOT_TOKEN}' }, exclude: ['all'] };
    const config = pipeline({ streams: undefined, source });
    const { code, stderr } = await hubflake(['sync', '--config', config], { environment: environment() });
    expect([code, stderr]).toEqual([1, expect.stringContaining('ERROR exclude leaves nothing to read.')]);
  });

  test('one stream that fails does not hold up the others', async () => {
    sandbox.faults.add({ kind: 'list', objectType: 'deals', fault: { type: 'error', status: 400, message: 'Broken' } });
    const outcome = await hubflake(['sync', '--config', pipeline(), '--json'], { environment: environment() });
    expect(outcome.code).toBe(1);
    const { errors, streams } = JSON.parse(outcome.stdout);
    expect(errors).toEqual([expect.objectContaining({ stream: 'deals', code: 'HF-REQUEST' })]);
    expect(
      streams.filter((each: { complete: boolean }) => each.complete).map((each: { stream: string }) => each.stream),
    ).toEqual(STREAMS.filter((name) => name !== 'deals'));
  });
});
