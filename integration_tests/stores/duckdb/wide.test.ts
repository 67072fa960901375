import { Readable } from 'node:stream';
import { type Sandbox, startSandbox } from '../../../src/sandbox/server.js';
import { query } from '../../support/duckdb.js';
import { hubflake, type Outcome, TestFolder } from '../../support/processes/command.js';
import { PeakMemory } from '../../support/processes/memory.js';
import { liveRecords, propertyTypes } from '../../support/schedules/truth.js';

/** Objects of very many properties, by the commands: all of their rows and values arrive, and memory stays within what is documented. */

const MEGABYTE = 1024 * 1024;
const RECORDS = 3000;
/** Bytes of a record's data, at least. */
const RECORD_BYTES = 20_000;

let folder: TestFolder;
let path: string;
beforeEach(() => {
  folder = new TestFolder();
  path = folder.join('w.duckdb');
});
afterEach(() => folder.remove());

const FORMATS = {
  text: { type: ['null', 'string'] },
  number: { type: ['null', 'number'] },
  date: { type: ['null', 'string'], format: 'date' },
  time: { type: ['null', 'string'], format: 'date-time', airbyte_type: 'timestamp_with_timezone' },
};
const KINDS = ['text', 'number', 'text', 'date', 'text', 'number', 'text', 'time', 'text', 'text'] as const;
const kindOf = (property: number) => KINDS[property % KINDS.length] as (typeof KINDS)[number];
const nameOf = (property: number) => `${kindOf(property)}_${property}`;
/** Millions of values are made: their parts are made once. */
const PADDED = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, '0'));
const FILLING = 'growth house inbound journey launch '.repeat(10);

/** Whether a record has a value in a property. */
const hasValue = (record: number, property: number) => (record + property) % 7 !== 0;

/** The value of a property, as JSON has it. @param version 1, or 2 of the same record as it was changed */
function givenValue(record: number, property: number, version: number, length: number): string | number | null {
  if (!hasValue(record, property)) return null;
  const n = record * 31 + property * 7 + version;
  const day = () => `20${10 + (n % 15)}-${PADDED[1 + (n % 12)]}-${PADDED[1 + (n % 28)]}`;
  switch (kindOf(property)) {
    case 'text':
      return `v${version} of ${record} in ${property} ${FILLING}`.slice(0, length);
    case 'number':
      return n / 4;
    case 'date':
      return day();
    case 'time':
      return `${day()}T${PADDED[n % 24]}:${PADDED[n % 60]}:00.000Z`;
  }
}

/** What `write` is given: so many properties, in every record. */
class Wide {
  readonly properties: number;
  readonly #names: string[];
  /** Of the texts, so that records are as long as they should be. */
  readonly #length: number;

  constructor(properties: number) {
    this.properties = properties;
    this.#names = Array.from({ length: properties }, (_, property) => nameOf(property));
    this.#length = Math.max(20, Math.ceil((1.5 * RECORD_BYTES) / properties));
  }

  catalog(): object {
    const all = Array.from({ length: this.properties }, (_, i) => [nameOf(i), FORMATS[kindOf(i)]]);
    const properties = { id: { type: 'string' }, updatedAt: FORMATS.time, ...Object.fromEntries(all) };
    const stream = { name: 'contacts', json_schema: { properties }, supported_sync_modes: ['incremental'] };
    const modes = { sync_mode: 'incremental', destination_sync_mode: 'append_dedup', cursor_field: ['updatedAt'] };
    return { streams: [{ stream, ...modes, primary_key: [['id']] }] };
  }

  data(record: number, version: number): Record<string, unknown> {
    const data: Record<string, unknown> = { id: `${record}`, updatedAt: `2024-01-0${version}T00:00:00.000Z` };
    for (const [i, name] of this.#names.entries()) data[name] = givenValue(record, i, version, this.#length);
    return data;
  }

  *messages(version: number): Iterable<string> {
    for (let record = 1; record <= RECORDS; record += 1) {
      const data = JSON.stringify(this.data(record, version));
      if (data.length < RECORD_BYTES) throw new Error(`a record has ${data.length} bytes`);
      const state = { type: 'STREAM', stream: { stream_descriptor: { name: 'contacts' }, stream_state: { record } } };
      yield `{"type":"RECORD","record":{"stream":"contacts","emitted_at":${version}000000000000,"data":${data}}}\n`;
      if (record % 1000 === 0) yield `${JSON.stringify({ type: 'STATE', state })}\n`;
    }
    const status = { stream_descriptor: { name: 'contacts' }, status: 'COMPLETE' };
    const trace = { type: 'STREAM_STATUS', emitted_at: 1, stream_status: status };
    yield `${JSON.stringify({ type: 'TRACE', trace })}\n`;
  }

  async write(version: number, settings: object = {}): Promise<{ outcome: Outcome; megabytes: number }> {
    const config = folder.write('d.json', { type: 'duckdb', path, spool_dir: folder.path, ...settings });
    const memory = new PeakMemory();
    const outcome = await hubflake(['write', '--config', config, '--catalog', folder.write('c.json', this.catalog())], {
      input: Readable.from(this.messages(version)),
      during: (child) => memory.watch(child),
    });
    const megabytes = Math.round(memory.bytes / MEGABYTE);
    process.stdout.write(`${this.properties} properties, version ${version}: ${megabytes} MB\n`);
    return { outcome, megabytes };
  }

  /** Every row is there once, each column has as many values as it should, and some rows have the right ones. */
  async expectRows(version: number): Promise<void> {
    const [all] = await query(path, 'SELECT count(*) AS n, count(DISTINCT id) AS ids FROM contacts');
    expect(all).toEqual({ n: `${RECORDS}`, ids: `${RECORDS}` });
    const [counts] = await query(path, `SELECT count(COLUMNS('^[a-z]+_[0-9]+$')) FROM contacts`);
    const found = Object.entries(counts ?? {}).map(([name, count]) => [name, Number(count)]);
    const records = Array.from({ length: RECORDS }, (_, i) => i + 1);
    const expected = Array.from({ length: this.properties }, (_, i) => [
      nameOf(i),
      records.filter((record) => hasValue(record, i)).length,
    ]);
    expect(found).toEqual(expected);
    for (const record of [1, 1500, 1501, RECORDS]) {
      const [row] = await query(path, `SELECT * FROM contacts WHERE id = '${record}'`);
      const wanted = this.data(record, version);
      const read = Object.keys(wanted).map((name) => [name, asGiven(name, row?.[name])]);
      expect(Object.fromEntries(read)).toEqual(wanted);
    }
  }
}

/** A value of DuckDB as it was given. */
function asGiven(name: string, value: unknown): unknown {
  if (value === null) return null;
  if (name.startsWith('number')) return Number(value);
  if (name.startsWith('time') || name === 'updatedAt') return new Date(`${value}`.replace(/\+00$/, 'Z')).toISOString();
  return value;
}

test('2,000 properties, then newer versions of all records', async () => {
  const wide = new Wide(2000);
  const first = await wide.write(1);
  expect(first.outcome).toMatchObject({ code: 0 });
  const texts =
    'SELECT count(*) AS n, count(text_0) AS texts FROM contacts WHERE text_2 IS NULL OR starts_with(text_2, $$v1 $$)';
  expect(await query(path, texts)).toEqual([{ n: `${RECORDS}`, texts: `${RECORDS - Math.floor(RECORDS / 7)}` }]);
  const second = await wide.write(2);
  expect(second.outcome).toMatchObject({ code: 0 });
  await wide.expectRows(2);
  // See docs/decisions/0013-duckdb-memory.md.
  expect(first.megabytes).toBeGreaterThan(300);
  expect(first.megabytes).toBeLessThan(1000);
  expect(second.megabytes).toBeLessThan(1500);
});

test.each([
  [256, 'by batches that are small enough'],
  [200, 'by batches that are divided'],
])('500 properties where DuckDB may take %i MB: all rows arrive, %s', async (limit, how) => {
  const wide = new Wide(500);
  const { outcome, megabytes } = await wide.write(1, { memory_limit_mb: limit });
  expect(outcome).toMatchObject({ code: 0 });
  const isDivided = outcome.lines.some((line) => line.includes('did not fit into memory, and is written in parts of'));
  expect(isDivided).toBe(how === 'by batches that are divided');
  await wide.expectRows(1);
  expect(megabytes).toBeLessThan(450);
});

describe('sync', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox({
      counts: { '*': 0, contacts: RECORDS },
      extraProperties: { contacts: 500 },
      limits: 'off',
    });
  });
  afterAll(() => sandbox.close());

  test('of contacts with more than 500 properties', async () => {
    const config = folder.write('p.json', {
      name: 'wide',
      source: {
        credentials: { access_token: sandbox.token },
        objects: [{ object_type: 'contacts' }],
        layout: 'columns',
        deletes: 'off',
      },
      destination: { type: 'duckdb', path, spool_dir: folder.path },
    });
    const memory = new PeakMemory();
    const outcome = await hubflake(['sync', '--config', config], {
      environment: { HUBSPOT_BASE_URL: sandbox.url },
      during: (child) => memory.watch(child),
    });
    const megabytes = Math.round(memory.bytes / MEGABYTE);
    process.stdout.write(`sync: ${megabytes} MB\n`);
    expect(outcome).toMatchObject({ code: 0 });
    const types = await propertyTypes(sandbox, 'contacts');
    expect(types.size).toBeGreaterThan(500);
    const live = await liveRecords(sandbox, 'contacts', types);
    const rows = await query(path, 'SELECT * FROM contacts');
    expect(rows.map(({ id }) => id).sort()).toEqual([...live.keys()].sort());
    const wrong = rows.flatMap((row) => {
      const values = live.get(String(row.id))?.values ?? {};
      return Object.entries(values).filter(([name, value]) => !isSame(types.get(name), row[name], value));
    });
    expect(wrong.slice(0, 5)).toEqual([]);
    expect(megabytes).toBeLessThan(700);
  });
});

/** Whether a column has what a property means. */
function isSame(type: string | undefined, found: unknown, value: unknown): boolean {
  if (found === null || value === null) return (found ?? null) === value;
  if (type === 'number') return Number(found) === value;
  if (type === 'datetime') return new Date(`${found}`.replace(/\+00$/, 'Z')).getTime() === value;
  return found === value;
}
