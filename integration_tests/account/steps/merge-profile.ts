import { parseDestinationConfig } from '../../../src/config/destination.js';
import type { JsonObject } from '../../../src/protocol/messages.js';
import { Loader } from '../../../src/warehouse/loader/loader.js';
import { openStore } from '../../../src/warehouse/open-store.js';
import { targetsOf } from '../../../src/warehouse/target.js';
import { profileOf, tableSize } from '../../support/account/profile.js';
import { type Step, step } from '../../support/account/step.js';
import { stepVariables } from '../../support/account/variables.js';

/**
 * 3. What a merge of some thousand rows reads of a table of millions: whether the plain equality and the range of keys, as hubflake writes
 * them, let Snowflake leave parts of it out, and what EQUAL_NULL does in their place.
 */

const CHANGED = 5_000;
const TEXTS = ['firstname', 'lastname', 'email', 'city', 'company', 'jobtitle', 'phone', 'website'];
const PROPERTIES: JsonObject = {
  id: { type: ['null', 'string'] },
  updatedAt: { type: ['null', 'string'], format: 'date-time' },
  ...Object.fromEntries(TEXTS.map((name) => [name, { type: ['null', 'string'] }])),
};
/** Ids are texts, which are in the order of numbers only where they are of one length. */
const FIRST_ID = 10_000_000_000;
const OLD = Date.UTC(2024, 0, 1);

/** The merges that are compared; each writes to a clone of the same table. */
const CASES = [
  // The newest two hundredths of the table, as most changes are.
  { table: 'RECENT', spread: 0.02, withNullKey: false, what: '= and key range, changes in the newest 2 %' },
  {
    table: 'RECENT_NULL',
    spread: 0.02,
    withNullKey: true,
    what: 'EQUAL_NULL without a range, changes in the newest 2 %',
  },
  { table: 'SPREAD', spread: 1, withNullKey: false, what: '= and key range, changes all over the table' },
  {
    table: 'SPREAD_NULL',
    spread: 1,
    withNullKey: true,
    what: 'EQUAL_NULL without a range, changes all over the table',
  },
];

export function mergeProfile(): void {
  const rows = stepVariables.rows();
  const changed = Math.min(CHANGED, Math.ceil(rows / 100));
  const title = `3. profile of a merge of ${changed.toLocaleString('en')} rows into ${rows.toLocaleString('en')}`;
  step(title, 60, async (at) => {
    await load(at, 'base', [record(0, 'First')]);
    await fill(at, rows);
    at.note(
      `The table: ${await tableSize(at.account, at.schema, 'BASE')}, ${TEXTS.length + 2} columns and hubflake's four.`,
    );
    for (const { table } of CASES) await at.query(`CREATE TRANSIENT TABLE ${at.name(table)} CLONE ${at.name('BASE')}`);
    for (const { table, spread, withNullKey } of CASES) {
      const stride = Math.max(1, Math.floor((rows * spread) / changed));
      const records = Array.from({ length: changed }, (_, i) => record(rows - 1 - i * stride, 'Changed'));
      // A record without a key has hubflake compare all keys of its batch null-safely, and know no range of them.
      if (withNullKey) records.push({ ...record(0, 'Keyless'), id: null });
      await load(at, table.toLowerCase(), records);
      const [found] = await at.query(
        `SELECT COUNT(*) AS N, COUNT_IF("FIRSTNAME" = 'Changed') AS CHANGED FROM ${at.name(table)}`,
      );
      expect([table, Number(found?.N), Number(found?.CHANGED)]).toEqual([table, rows + (withNullKey ? 1 : 0), changed]);
    }
    await compare(at);
  });
}

async function compare(at: Step): Promise<void> {
  const ran = await at.history();
  for (const { table, what } of CASES) {
    const merge = ran.find(({ text }) => text.startsWith(`MERGE INTO ${at.name(table)} `));
    expect([table, merge === undefined]).toEqual([table, false]);
    const profile = await profileOf(at.account, merge?.id ?? '', `${at.schema}.${table}`);
    const took = `${merge?.execute ?? '?'} ms, ${((merge?.bytesScanned ?? 0) / 1e6).toFixed(1)} MB scanned`;
    if (typeof profile === 'string') {
      at.note(`${what}: ${took}; ${profile}`);
      continue;
    }
    const { partitionsScanned: scanned, partitionsTotal: total, hasJoinFilter, joins, operators } = profile;
    at.note(
      `${what}: ${took}; ${scanned} of ${total} partitions; ${hasJoinFilter ? 'a' : 'NO'} join filter; ${operators.join(', ')}`,
    );
    if (total === 0)
      at.note(`    no scan of ${table} was recognised; look at the profile of ${merge?.id} in Snowsight`);
    for (const join of joins) at.note(`    ${join}`);
    // What the range of keys is for. All else is there to be read.
    if (table === 'RECENT' && total > 10) expect([table, scanned < total / 2]).toEqual([table, true]);
  }
}

function record(n: number, firstname: string): JsonObject {
  const texts = Object.fromEntries(TEXTS.map((name) => [name, `${name} of ${n}`]));
  return { id: String(FIRST_ID + n), updatedAt: '2026-01-01T00:00:00.000Z', ...texts, firstname };
}

/** Puts rows behind the first one, in the order of their ids, as a portal's records have come over the years. */
async function fill(at: Step, rows: number): Promise<void> {
  const texts = TEXTS.map((name, i) => `'${name} of ' || MD5((N * ${i + 1})::VARCHAR)`);
  const values = [
    `'00000000-0000-0000-0000-' || LPAD(N::VARCHAR, 12, '0')`,
    `TO_TIMESTAMP_TZ('2024-01-02T00:00:00Z')`,
    `PARSE_JSON('{"changes":[]}')`,
    '0',
    `(${FIRST_ID} + N)::VARCHAR`,
    `DATEADD(second, N, TO_TIMESTAMP_TZ('${new Date(OLD).toISOString()}'))`,
    ...texts,
  ];
  const columns = [
    ...['_AIRBYTE_RAW_ID', '_AIRBYTE_EXTRACTED_AT', '_AIRBYTE_META', '_AIRBYTE_GENERATION_ID'],
    ...['ID', 'UPDATEDAT', ...TEXTS.map((name) => name.toUpperCase())],
  ];
  const numbers = `SELECT ROW_NUMBER() OVER (ORDER BY SEQ8()) AS N FROM TABLE(GENERATOR(ROWCOUNT => ${rows - 1}))`;
  await at.query(
    `INSERT INTO ${at.name('BASE')} (${columns.map((name) => `"${name}"`).join(', ')}) ` +
      `SELECT ${values.join(', ')} FROM (${numbers}) ORDER BY N`,
  );
}

/** Writes records as a run of `write` does: one batch, by way of a stage table. */
async function load(at: Step, stream: string, records: readonly JsonObject[]): Promise<void> {
  const config = parseDestinationConfig({
    ...at.account.options('given'),
    schema: at.schema,
    jdbc_url_params: `QUERY_TAG=${at.mark}`,
  });
  const store = await openStore(config, null);
  try {
    const configured = {
      stream: { name: stream, json_schema: { properties: PROPERTIES }, supported_sync_modes: ['incremental' as const] },
      sync_mode: 'incremental' as const,
      destination_sync_mode: 'append_dedup' as const,
      primary_key: [['id']],
      cursor_field: ['updatedAt'],
    };
    const { names, defaultSchema: schema } = store;
    const targets = targetsOf([configured], { schema, tableName: null, tableForm: 'typed', hardDeletes: true, names });
    const loader = new Loader(store, targets, {
      spoolDir: at.folder.path,
      flushBytes: 1e9,
      flushMilliseconds: 1e9,
      spoolMaxBytes: 2e9,
      pipeline: null,
    });
    try {
      const emittedAt = Date.now();
      const encoded = records.map((data) => ({ data: Buffer.from(JSON.stringify(data)), emittedAt, changes: null }));
      await loader.records(stream, encoded);
      loader.complete(stream);
      const [result] = await loader.finish();
      if (result?.error) throw result.error;
    } finally {
      loader.close();
    }
  } finally {
    await store.close();
  }
}
