import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { runSync } from '../../src/commands/sync/run-sync.js';
import { parsePipelineConfig } from '../../src/config/pipeline.js';
import { startSandbox } from '../../src/sandbox/server.js';
import type { Comparison } from '../../src/warehouse/compare/compare-schemas.js';
import { DuckDbWarehouse } from '../support/duckdb-warehouse.js';
import { type Outcome, TestFolder } from '../support/processes/command.js';
import { hubflakeHere } from '../support/processes/here.js';
import { StandInWarehouse } from '../support/stand-in/snowflake-warehouse.js';

/** `compare` of what `sync` has written with a copy of it that was edited by SQL, in each warehouse. */
const OLD = `ol"d's; DROP`;
/** fakesnow quotes neither quotes nor semicolons in names of schemas. */
const OLD_THERE = 'Old -- one';
let folder: TestFolder;
beforeEach(() => {
  folder = new TestFolder();
});
afterEach(() => folder.remove());

const q = (...names: string[]) => names.map((name) => `"${name.replaceAll('"', '""')}"`).join('.');

/** A warehouse with the tables of a sync in one schema, and another schema beside it. */
interface Place {
  run(sql: string): Promise<unknown>;
  /** A table of the old schema, and of the new one, as SQL has it. */
  old(table: string): string;
  own(table: string): string;
  name(given: string): string;
  columns(table: string): Promise<string[]>;
  left: object;
  right: object;
}

class Duck extends DuckDbWarehouse {
  get place(): Place {
    const destination = this.destination() as { path: string };
    return {
      run: (sql) => this.execute(sql, ''),
      old: (table) => q(OLD, table),
      own: (table) => q('main', table),
      name: (given) => given,
      columns: (table) => this.columns(table),
      left: { ...destination, schema: OLD },
      right: destination,
    };
  }
}

class Snow extends StandInWarehouse {
  get place(): Place {
    return {
      run: (sql) => this.query(sql),
      old: (table) => q(this.database, OLD_THERE, this.name(table)),
      own: (table) => q(this.database, this.schema, this.name(table)),
      name: (given) => this.name(given),
      columns: (table) => this.columns(table),
      left: { ...this.destination(), schema: OLD_THERE },
      right: this.destination(),
    };
  }
}

/** Loads a small portal. */
async function load(destination: object): Promise<void> {
  const sandbox = await startSandbox({ counts: { '*': 0, contacts: 12, companies: 4, deals: 9 }, limits: 'off' });
  process.env.HUBSPOT_BASE_URL = sandbox.url;
  try {
    const config = parsePipelineConfig({
      name: 'fivetran',
      source: {
        credentials: { access_token: sandbox.token },
        layout: 'fivetran',
        objects: [
          { object_type: 'contacts', properties: ['email', 'firstname', 'createdate', 'annualrevenue'] },
          { object_type: 'deals', properties: ['dealname', 'amount', 'closedate', 'dealstage', 'pipeline'] },
        ],
      },
      destination,
    });
    const result = await runSync(config, new AbortController().signal, []);
    expect(result.errors).toEqual([]);
  } finally {
    await sandbox.close();
  }
}

/** Copies a table into the old schema. @param others columns that have something else there; null: not there */
async function copy(place: Place, table: string, others: Record<string, string | null> = {}): Promise<void> {
  const columns = (await place.columns(table)).flatMap((column) => {
    const other = others[column.toLowerCase()];
    if (other === null || column.toLowerCase().startsWith('_airbyte')) return [];
    return [other === undefined ? q(column) : `${other} AS ${q(column)}`];
  });
  await place.run(`CREATE TABLE ${place.old(table)} AS SELECT ${columns.join(', ')} FROM ${place.own(table)}`);
}

async function compare(place: Place, more: string[] = []): Promise<Outcome> {
  const [left, right] = [folder.write('left.json', place.left), folder.write('right.json', place.right)];
  return hubflakeHere(['compare', '--left', left, '--right', right, ...more]);
}

async function result(place: Place, code: number, more: string[] = []): Promise<Comparison> {
  const outcome = await compare(place, ['--json', ...more]);
  expect([outcome.stderr, outcome.code]).toEqual(['', code]);
  return JSON.parse(outcome.stdout) as Comparison;
}

const WRITTEN = ['contact', 'deal', 'deal_contact', 'deal_stage', 'contact_property_history'];

async function goThrough(place: Place, asTime: string): Promise<void> {
  const { run, name, old, own } = place;
  await run(`CREATE SCHEMA ${old('x').replace(/\."[xX]"$/, '')}`);
  const of = (column: string) => q(name(column));
  const only = ['--tables', WRITTEN.join(',')];

  // The same, as another program would write it: other types, other times of writing, no columns of Airbyte's.
  await copy(place, 'contact', {
    id: `CAST(${of('id')} AS VARCHAR)`,
    property_createdate: `CAST(${of('property_createdate')} AS ${asTime})`,
    _fivetran_synced: `CAST('2020-01-01 00:00:00' AS TIMESTAMP)`,
    _fivetran_deleted: `CAST(${of('_fivetran_deleted')} AS VARCHAR)`,
  });
  await copy(place, 'deal', { property_amount: `CAST(${of('property_amount')} AS DOUBLE)` });
  await copy(place, 'deal_contact', { type_id: `CAST(${of('type_id')} AS DECIMAL(12, 2))` });
  await copy(place, 'deal_stage', { _fivetran_start: `CAST(${of('_fivetran_start')} AS ${asTime})` });
  await copy(place, 'contact_property_history');
  const same = await result(place, 0, only);
  expect(same.tables.map(({ table, isEqual }) => [table, isEqual])).toEqual(WRITTEN.map((each) => [each, true]));
  expect(same.tables.filter(({ rows, compared }) => rows.left === 0 || compared === null)).toEqual([]);
  expect((await compare(place, only)).stdout).toContain('Nothing differs in 5 tables.');

  // Tables that only one has are a difference, and are named.
  await run(`CREATE TABLE ${old('only_old')} (${of('a')} INTEGER)`);
  const all = await result(place, 3);
  expect(all).toMatchObject({ isEqual: false, onlyLeft: ['only_old'] });
  expect(all.onlyRight).toContain('deal_company');
  expect(all.onlyRight.filter((each) => each.startsWith('_hubflake'))).toEqual([]);

  // Rows, values and columns.
  await run(`ALTER TABLE ${old('contact')} ADD COLUMN ${of('property_lost')} VARCHAR`);
  await run(`ALTER TABLE ${own('contact')} ADD COLUMN ${of('property_new')} VARCHAR`);
  await run(`DELETE FROM ${own('contact')} WHERE ${of('id')} IN (SELECT MIN(${of('id')}) FROM ${own('contact')})`);
  await run(
    `UPDATE ${old('contact')} SET ${of('_fivetran_deleted')} = 'true' WHERE ${of('id')} NOT IN (SELECT CAST(${of('id')} AS VARCHAR) FROM ${own('contact')})`,
  );
  await run(
    `INSERT INTO ${own('contact')} (${of('id')}, ${of('property_email')}) VALUES (999999, 'it''s "new"'), (999999, 'again')`,
  );
  await run(`UPDATE ${old('contact')} SET ${of('property_firstname')} = ''`);
  await run(`UPDATE ${own('contact')} SET ${of('property_firstname')} = NULL`);
  await run(
    `UPDATE ${own('deal')} SET ${of('property_amount')} = 12.5, ${of('property_dealname')} = '${'x'.repeat(500)}'`,
  );
  await run(
    `UPDATE ${old('deal')} SET ${of('property_amount')} = 12.25 WHERE ${of('deal_id')} IN (SELECT MAX(${of('deal_id')}) FROM ${own('deal')})`,
  );
  await run(
    `UPDATE ${old('deal')} SET ${of('property_amount')} = 12.5 WHERE ${of('property_amount')} <> 12.25 OR ${of('property_amount')} IS NULL`,
  );
  await run(`DELETE FROM ${old('deal_contact')}`);
  const { tables } = await result(place, 3, only);
  const found = Object.fromEntries(tables.map((each) => [each.table, each]));
  const { contact, deal, deal_contact: links } = found;
  expect(contact).toMatchObject({
    isEqual: false,
    rows: { left: 11, right: 12 },
    columns: { onlyLeft: ['property_lost'], onlyRight: ['property_new'] },
    compared: {
      key: ['id'],
      onlyLeft: { rows: 1, markedDeleted: 1, keys: [[expect.stringMatching(/^\d+$/)]] },
      onlyRight: { rows: 2, keys: [['999999'], ['999999']] },
      repeated: { left: 0, right: 1 },
      values: [{ column: 'property_firstname', rows: 10 }],
    },
  });
  const [firstname] = contact?.compared?.values ?? [];
  expect(firstname?.examples).toHaveLength(3);
  expect(firstname?.examples[0]).toEqual({ key: [expect.any(String)], left: '', right: null });
  expect(deal?.compared?.values).toMatchObject(
    [
      {
        column: 'property_amount',
        rows: 1,
        examples: [{ left: expect.stringMatching(/^12\.25/), right: expect.stringMatching(/^12\.5/) }],
      },
      { column: 'property_dealname', rows: 9 },
    ].sort((a, b) => columnsOrder(deal, a.column) - columnsOrder(deal, b.column)),
  );
  const cut = deal?.compared?.values.find(({ column }) => column === 'property_dealname')?.examples[0]?.right;
  expect(cut).toBe(`${'x'.repeat(200)}…`);
  expect(links).toMatchObject({ rows: { left: 0 }, compared: { onlyLeft: { rows: 0 }, values: [] } });
  expect(links?.compared?.onlyRight).toMatchObject({ rows: links?.rows.right });
  expect(links?.compared?.onlyRight.keys[0]).toHaveLength(4);
  expect([found.deal_stage?.isEqual, found.contact_property_history?.isEqual]).toEqual([true, true]);

  const text = await compare(place, only);
  expect(text.code).toBe(3);
  expect(text.stdout).toMatch(/^contact +11 +12 +1 +2 +1 only left, 1 only right +10$/m);
  expect(text.stdout).toContain('3 of 5 tables differ.');
  expect(text.stdout).toMatch(/^ {2}property_firstname differs in 10 rows:\n {4}\d+: "" \| NULL$/m);

  // Without a key rows are counted; a key can be given.
  await run(`CREATE TABLE ${old('custom')} AS SELECT 1 AS ${of('a')}, 'x' AS ${of('b')}`);
  await run(`CREATE TABLE ${own('custom')} AS SELECT 1 AS ${of('a')}, 'y' AS ${of('b')}`);
  const unknown = await compare(place, ['--tables', 'CUSTOM']);
  expect(unknown).toMatchObject({ code: 0, stdout: expect.stringContaining('its key is not known') });
  expect(unknown.stdout).toContain('Nothing differs in 1 table; of 1, only rows and columns were compared.');
  const keyed = await result(place, 3, ['--tables', 'custom', '--key', 'Custom=A']);
  expect(keyed.tables[0]?.compared).toMatchObject({ key: ['a'], values: [{ column: 'b', rows: 1 }] });
  expect(await compare(place, ['--key', 'custom=zz'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no column zz'),
  });
  expect(await compare(place, ['--key', 'custom'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('--key'),
  });
  expect(await compare(place, ['--tables', 'nowhere'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('nowhere'),
  });

  // Another number of rows of each key is a difference, and so is the last digit that decimals have.
  for (const [place_, rows] of [
    [old('again'), "(1, '0.1234567891'), (1, '0.1234567891'), (2, '7')"],
    [own('again'), '(1, 0.1234567891), (2, 7), (2, 7)'],
  ] as const) {
    await run(
      `CREATE TABLE ${place_} (${of('a')} INTEGER, ${of('b')} ${rows.includes("'") ? 'VARCHAR' : 'DECIMAL(38, 10)'})`,
    );
    await run(`INSERT INTO ${place_} VALUES ${rows}`);
  }
  const again = await result(place, 3, ['--tables', 'again', '--key', 'again=a']);
  expect(again.tables[0]).toMatchObject({
    rows: { left: 3, right: 3 },
    compared: { repeated: { left: 1, right: 1 }, values: [] },
  });

  // Names that would be SQL, if they were not quoted.
  const odd = `T"; DROP TABLE ${name('custom')}; --`;
  const column = `C" = 1) OR (1=1 --`;
  for (const [place_, value] of [
    [old('x'), 'a'],
    [own('x'), 'b'],
  ] as const) {
    const table = place_.replace(/"[xX]"$/, () => q(odd));
    await run(`CREATE TABLE ${table} (${of('id')} INTEGER, ${q(column)} VARCHAR)`);
    await run(`INSERT INTO ${table} VALUES (1, '${value}')`);
  }
  const injected = await result(place, 3, ['--tables', odd, '--key', `${odd}=id`]);
  expect(injected.tables).toMatchObject([
    {
      table: odd.toLowerCase(),
      compared: {
        values: [{ column: column.toLowerCase(), rows: 1, examples: [{ key: ['1'], left: 'a', right: 'b' }] }],
      },
    },
  ]);
  expect((await result(place, 3, ['--tables', 'custom', '--key', 'custom=a'])).tables).toHaveLength(1);
}

/** Where a column of a comparison's values stands. */
function columnsOrder(table: Comparison['tables'][number] | undefined, column: string): number {
  return table?.compared?.values.findIndex((each) => each.column === column) ?? -1;
}

test('in DuckDB', async () => {
  const warehouse = new Duck();
  await warehouse.begin();
  try {
    await load(warehouse.destination());
    await goThrough(warehouse.place, 'TIMESTAMPTZ');
  } finally {
    await warehouse.end();
  }
});

test('in Snowflake', async () => {
  const warehouse = new Snow();
  await warehouse.begin();
  try {
    await load(warehouse.destination());
    await goThrough(warehouse.place, 'TIMESTAMP_TZ');
    const elsewhere = { ...warehouse.place, left: { ...warehouse.place.left, host: 'http://127.0.0.1:1' } };
    expect(await compare(elsewhere)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('different Snowflake accounts'),
    });
    const mixed = { ...warehouse.place, left: { type: 'duckdb', path: folder.join('a.duckdb') } };
    expect(await compare(mixed)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('both must be of one kind'),
    });
  } finally {
    await warehouse.end();
  }
});

test('two DuckDB files, neither of which is changed', async () => {
  const paths = [folder.join("le'ft.duckdb"), folder.join('right.duckdb')] as const;
  for (const [i, path] of paths.entries()) {
    const instance = await DuckDBInstance.create(path);
    const connection = await instance.connect();
    await connection.run('CREATE TABLE form (guid VARCHAR, name VARCHAR, seen DATE, size HUGEINT)');
    await connection.run(`INSERT INTO form VALUES ('a', '${i}', '2024-01-01', 3), (NULL, 'x', NULL, NULL)`);
    connection.closeSync();
    instance.closeSync();
  }
  const hashes = () => paths.map((path) => createHash('sha256').update(readFileSync(path)).digest('hex'));
  const before = hashes();
  const place = { left: { type: 'duckdb', path: paths[0] }, right: { type: 'duckdb', path: paths[1] } } as Place;
  const { tables } = await result(place, 3);
  expect(tables).toMatchObject([
    {
      table: 'form',
      // Rows without a key have none that they could be compared with.
      compared: {
        onlyLeft: { rows: 1, keys: [[null]] },
        onlyRight: { rows: 1 },
        values: [{ column: 'name', rows: 1 }],
      },
    },
  ]);
  expect(hashes()).toEqual(before);
  const gone = { ...place, left: { type: 'duckdb', path: folder.join('none.duckdb') } };
  expect(await compare(gone)).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no DuckDB file') });
  const empty = { ...place, left: { type: 'duckdb', path: paths[0], schema: 'other' } };
  expect(await compare(empty)).toMatchObject({ code: 1, stderr: expect.stringContaining('no tables') });
  const alone = await hubflakeHere(['compare', '--right', folder.write('right.json', place.right)]);
  expect(alone).toMatchObject({ code: 1, stderr: expect.stringContaining('--left FILE') });
});
