import type { ConfiguredStream, JsonObject } from '../../../protocol/messages.js';
import { BatchContents } from '../../loader/batch-contents.js';
import type { Validity } from '../../schema-keywords.js';
import { newMapping } from '../../tables/column-mapping.js';
import { targetsOf } from '../../target.js';
import type { Batch } from './batch.js';
import { TYPED } from './forms.js';
import { identifier, literal, pattern, qualified, SNOWFLAKE_NAMES, withSuffix } from './quote.js';
import { createView, fieldOfViewColumn, insertAllRaw, mergeRaw } from './raw.js';
import { allRows, firstLive, keyValues } from './rows.js';
import { moveState, moveStates, portions } from './states.js';
import { addColumns, copyInto, createTable, newColumns, put, tableStage } from './tables.js';
import { rememberDeleted } from './tombstones.js';
import { existingType, newType } from './types.js';
import { recomputeValidity } from './validity.js';
import { insertAll, mergeNewest, removeRows } from './write.js';

/** What emulators take though Snowflake would not, or do not do at all: the text that is sent decides. */

const PROPERTIES: JsonObject = {
  id: { type: 'string' },
  amount: { type: 'number', hubflake_decimal: true, title: "The deal's amount" },
  updatedAt: { type: 'string', format: 'date-time' },
  archived: { type: 'boolean', hubflake_tombstone: true },
  _ab_cdc_deleted_at: { type: 'string', format: 'date-time' },
};

/** A live record, an archived one, and one that was merged away. */
const RECORDS = [
  { id: '7', amount: 1, updatedAt: '2026-01-01T00:00:00Z', archived: false, _ab_cdc_deleted_at: null },
  { id: '12', amount: 2, updatedAt: '2026-01-01T00:00:00Z', archived: true, _ab_cdc_deleted_at: null },
  { id: '13', archived: true },
];

function batch(
  properties = PROPERTIES,
  changes: Partial<ConfiguredStream> = {},
  hardDeletes = true,
  records: object[] = RECORDS,
  keywords: JsonObject = {},
): Batch {
  const [target] = targetsOf(
    [
      {
        stream: { name: 'deals', json_schema: { properties, ...keywords }, supported_sync_modes: ['incremental'] },
        sync_mode: 'incremental',
        destination_sync_mode: 'append_dedup',
        primary_key: [['id']],
        cursor_field: ['updatedAt'],
        ...changes,
      },
    ],
    { schema: 'HUBSPOT', tableName: null, tableForm: 'typed', hardDeletes, names: SNOWFLAKE_NAMES },
  );
  if (!target) throw new Error('no target');
  const types = target.columns.map(({ type }) => newType(type));
  const contents = new BatchContents(target, 7);
  for (const record of records) contents.add(Buffer.from(JSON.stringify(record)));
  const rest = { stage: '"DB"."HUBSPOT"."STAGE"', generation: '0', idPrefix: '01234567-89ab-4cde-8f01-' };
  return { target, mapping: newMapping(target), guard: null, contents, types, ...rest };
}
const TABLE = '"DB"."HUBSPOT"."DEALS"';

describe('names and values', () => {
  test('identifiers are quoted, in capital letters where they name streams and columns', () => {
    expect(qualified('Db', 'a"b', 'x.y')).toBe('"Db"."a""b"."x.y"');
    expect(SNOWFLAKE_NAMES.identifier('firstName', 'column')).toBe('FIRSTNAME');
    expect(SNOWFLAKE_NAMES.identifier('Hub Spot', 'schema')).toBe('Hub Spot');
  });

  test('no text ends its literal, by quotes or by backslashes', () => {
    expect(literal("it's")).toBe("'it''s'");
    expect(literal("\\'; DROP TABLE t; --")).toBe("'\\\\''; DROP TABLE t; --'");
    expect(literal('\\')).toBe("'\\\\'");
    expect(pattern('a_b%c')).toBe("'a_b\\\\%c'");
  });

  test('every name and value of a stream is inside quotes, whatever it is', () => {
    const evil = `x"'; DROP TABLE t; -- \\`;
    const hostile = batch(
      { [evil]: { type: 'number', title: evil }, id: { type: 'string' } },
      { primary_key: [[evil]], cursor_field: [evil] },
    );
    const statements = [
      insertAll(hostile, TABLE),
      mergeNewest(hostile, TABLE),
      mergeRaw(hostile, TABLE),
      createView('"V"', hostile.target.columns, TABLE),
      createTable(TABLE, newColumns(hostile.target, hostile.types), { transient: false, retentionDays: null }),
      addColumns(TABLE, newColumns(hostile.target, hostile.types)),
    ];
    for (const sql of statements) expect(bare(sql)).not.toMatch(/DROP|--|;/);
  });

  test('long names are cut and kept apart', () => {
    const [a, b] = ['a', 'b'].map((end) => withSuffix('x'.repeat(254) + end, '_VIEW')) as [string, string];
    expect(a).toHaveLength(255);
    expect(a).not.toBe(b);
    expect(a.endsWith('_VIEW')).toBe(true);
    expect(withSuffix('CONTACTS', '_VIEW')).toBe('CONTACTS_VIEW');
  });

  /** A statement without what stands in quotes. */
  function bare(sql: string): string {
    return sql.replace(/'(?:[^'\\]|''|\\.)*'|"(?:[^"]|"")*"/gs, '~');
  }
});

describe('loading', () => {
  test('a file goes to the stage of its own table, and is loaded whole or not at all', () => {
    const place = tableStage('_HUBFLAKE_STAGE_1');
    expect(place).toBe('@%_HUBFLAKE_STAGE_1');
    expect(put('/tmp/a/1.json.gz', place)).toBe(
      `PUT file:///tmp/a/1.json.gz ${place} AUTO_COMPRESS=FALSE SOURCE_COMPRESSION=GZIP OVERWRITE=TRUE`,
    );
    expect(put("/tmp/it's here/1.json.gz", place)).toContain("PUT 'file:///tmp/it''s here/1.json.gz' @");
    expect(copyInto('"T"', place)).toContain('ON_ERROR = ABORT_STATEMENT PURGE = TRUE');
  });
});

describe('tables', () => {
  test("have Airbyte's columns first, exact types, labels as comments, and the days of Time Travel", () => {
    const { target, types } = batch();
    expect(createTable(TABLE, newColumns(target, types), { transient: false, retentionDays: 7 })).toBe(
      `CREATE TABLE IF NOT EXISTS ${TABLE} ("_AIRBYTE_RAW_ID" VARCHAR, "_AIRBYTE_EXTRACTED_AT" TIMESTAMP_TZ, ` +
        '"_AIRBYTE_META" VARIANT, "_AIRBYTE_GENERATION_ID" NUMBER(38,0), ' +
        `"ID" VARCHAR COMMENT 'Field: "id"', "AMOUNT" NUMBER(38,10) COMMENT 'The deal''s amount\nField: "amount"', ` +
        `"UPDATEDAT" TIMESTAMP_TZ COMMENT 'Field: "updatedAt"', "ARCHIVED" BOOLEAN COMMENT 'Field: "archived"', ` +
        `"_AB_CDC_DELETED_AT" TIMESTAMP_TZ COMMENT 'Field: "_ab_cdc_deleted_at"') DATA_RETENTION_TIME_IN_DAYS = 7`,
    );
  });

  test.each<[JsonObject, string]>([
    [{ type: ['null', 'boolean'] }, 'BOOLEAN'],
    [{ type: 'integer' }, 'NUMBER(38,0)'],
    [{ type: 'number' }, 'FLOAT'],
    [{ type: 'number', airbyte_type: 'integer' }, 'NUMBER(38,0)'],
    [{ type: 'string', format: 'date' }, 'DATE'],
    [{ type: 'string', format: 'time' }, 'TIME'],
    [{ type: 'string', format: 'time', airbyte_type: 'time_with_timezone' }, 'VARCHAR'],
    [{ type: 'string', format: 'date-time', airbyte_type: 'timestamp_without_timezone' }, 'TIMESTAMP_NTZ'],
    [{ type: 'array' }, 'ARRAY'],
    [{ type: 'object' }, 'OBJECT'],
    [{ type: ['string', 'integer'] }, 'VARIANT'],
    [{}, 'VARIANT'],
  ])('%j is %s', (schema, expected) => {
    expect(batch({ id: { type: 'string' }, x: schema }).types[1]?.name).toBe(expected);
  });

  test.each([
    ['VARCHAR(16777216)', 'VARCHAR'],
    ['VARCHAR(40)', 'VARCHAR(40)'],
    ['NUMBER(38,0)', 'NUMBER(38,0)'],
    ['NUMBER(12,2)', 'NUMBER(12,2)'],
    ['TIMESTAMP_LTZ(9)', 'TIMESTAMP_LTZ'],
    ['BINARY(8388608)', undefined],
  ])('a column that is %s is written as %s', (described, expected) => {
    expect(existingType(described)?.name).toBe(expected);
  });
});

describe('the merge', () => {
  test('has one source row for each key, the newest by generation, cursor, extraction and line', () => {
    const sql = mergeNewest(batch(), TABLE);
    expect(sql).toContain(
      'QUALIFY ROW_NUMBER() OVER (PARTITION BY K0 ORDER BY VERSION DESC NULLS LAST, T DESC, N DESC) = 1',
    );
    expect(sql.match(/MERGE INTO/g)).toHaveLength(1);
  });

  test('never lets a row go backwards: each clause that changes one asks for a version that is not older', () => {
    const [, ...clauses] = mergeNewest(batch(), TABLE).split('\n');
    expect(clauses.map((clause) => clause.replace(/ (UPDATE|INSERT|DELETE)?(?: SET)? .*/, ''))).toHaveLength(5);
    for (const clause of clauses.slice(0, 4)) {
      expect(clause).toMatch(/^WHEN MATCHED AND .*s\.HF_GENERATION > COALESCE\(t\."_AIRBYTE_GENERATION_ID", 0\)/);
      expect(clause).toContain('>= t."_AIRBYTE_EXTRACTED_AT"');
    }
    expect(clauses[0]).toMatch(/s\.DELETED .* THEN DELETE$/);
    expect(clauses[4]).toMatch(/^WHEN NOT MATCHED AND s\.LIVE AND NOT s\.DELETED THEN INSERT/);
  });

  test('deletes only by _ab_cdc_deleted_at, and only where that is asked for', () => {
    expect(mergeNewest(batch(PROPERTIES, {}, false), TABLE)).not.toContain('THEN DELETE');
    const { _ab_cdc_deleted_at: _, ...rest } = PROPERTIES;
    expect(mergeNewest(batch(rest), TABLE)).not.toContain('THEN DELETE');
  });

  test('of a tombstone assigns only what it carries, and reads nothing of the row for it, which may be masked', () => {
    const sql = mergeNewest(batch(), TABLE);
    const [all, few] = sql.split('\n').filter((clause) => /s\.TOMB AND s\.S = /.test(clause)) as [string, string];
    expect(all).toContain('"AMOUNT" = s.C1');
    expect(few).toContain('"ARCHIVED" = s.C3');
    expect(few).not.toContain('AMOUNT');
    for (const clause of [all, few]) expect(clause.replace(/.* SET /, '')).not.toContain('t."');
  });

  test('where tombstones carry too many sets of fields, leaves what one does not carry as it is', () => {
    const fields = Array.from({ length: 9 }, (_, i) => [`f${i}`, { type: 'string' }]);
    const records = fields.map(([name]) => ({ id: '1', archived: true, [name as string]: 'x' }));
    const sql = mergeNewest(batch({ ...PROPERTIES, ...Object.fromEntries(fields) }, {}, true, records), TABLE);
    expect(sql).toContain(`"AMOUNT" = IFF(IS_NULL_VALUE(s.D['amount']) IS NOT NULL, s.C1, t."AMOUNT")`);
    expect(sql.match(/s\.S = \d/g)).toHaveLength(9);
  });

  test('finds rows by plain equality and the range of the keys where every record has one, else also those without', () => {
    expect(mergeNewest(batch(), TABLE)).toContain(`s ON t."ID" = s.C0 AND t."ID" BETWEEN '12' AND '7'`);
    expect(mergeRaw(batch(), TABLE)).toContain(`s ON t."ID" = s.K0 AND t."ID" BETWEEN '12' AND '7'`);
    for (const id of [null, undefined]) {
      const sql = mergeNewest(batch(PROPERTIES, {}, true, [...RECORDS, { id }]), TABLE);
      expect(sql).toContain('s ON EQUAL_NULL(t."ID", s.C0)');
      expect(sql).not.toContain('BETWEEN');
    }
  });

  test('without a word of tombstones where there can be none', () => {
    const sql = mergeNewest(batch({ id: { type: 'string' } }, { cursor_field: [] }), TABLE);
    expect(sql).not.toMatch(/LIVE|s\.TOMB|s\.DELETED|FIRST_VALUE/);
    expect(sql).toContain('ORDER BY T DESC, N DESC');
  });

  test('marks instants as UTC, not as the session sees them, and numbers rows with ids of the run', () => {
    const sql = allRows(batch());
    expect(sql).toContain("DATEADD(millisecond, T, TO_TIMESTAMP_TZ('1970-01-01T00:00:00Z')) AS HF_AT");
    expect(sql).toContain("'01234567-89ab-4cde-8f01-' || LPAD(N::VARCHAR, 12, '0') AS HF_ID");
  });

  test('knows tombstones by both of their marks', () => {
    expect(firstLive(batch())).toMatch(/D\['archived'\].* OR .*D\['_ab_cdc_deleted_at'\]/);
  });

  test('of a thousand columns stays below the megabyte that Snowflake takes', () => {
    const wide = Object.fromEntries(
      Array.from({ length: 1000 }, (_, i) => [
        `properties_a_property_name_${i}`,
        { type: i % 2 ? 'number' : 'string' },
      ]),
    );
    const sql = mergeNewest(batch({ ...PROPERTIES, ...wide }), TABLE);
    expect(Buffer.byteLength(sql)).toBeLessThan(1_000_000);
  });
});

describe('the view of a raw table', () => {
  test('of 600 properties is shorter than the 95 KB that Snowflake keeps', () => {
    const kinds: JsonObject[] = [
      { type: 'string' },
      { type: 'string' },
      { type: 'number', hubflake_decimal: true },
      { type: 'string', format: 'date-time' },
      { type: 'string' },
      { type: 'boolean' },
      { type: 'string' },
      { type: 'string', format: 'date' },
    ];
    const wide = Object.fromEntries(
      Array.from({ length: 600 }, (_, i) => [
        `hs_analytics_property_nm_${i}`,
        { ...kinds[i % kinds.length], title: 'Label', description: 'x'.repeat(82) },
      ]),
    );
    const sql = createView('"DB"."HUBSPOT"."CONTACTS_VIEW"', batch({ ...PROPERTIES, ...wide }).target.columns, TABLE);
    expect(Buffer.byteLength(sql)).toBeLessThan(95 * 1024);
  });

  test('says whose a column is where its name does not', () => {
    const sql = createView('"V"', batch({ id: { type: 'string' }, fooBar: { type: 'string' } }).target.columns, TABLE);
    expect(sql).toContain(`"ID", "FOOBAR" COMMENT 'Field: "fooBar"')`);
    expect(fieldOfViewColumn('ID', null)).toBe('id');
    expect(fieldOfViewColumn('FOOBAR', 'Field: "fooBar"')).toBe('fooBar');
  });
});

test('states are bound, never written into the statement, and come in portions', () => {
  const state = { pipeline: "p'", stream: 's', state: { cursor: 'x'.repeat(200_000) }, refresh: null };
  const table = { schema: 's', table: "t'", form: 'typed' as const, holder: 't', identity: 'i', columns: '' };
  for (const { sql, binds } of [
    moveState('"S"', { state, from: 3, table }, 'TRUE'),
    moveStates('"S"', [{ state, from: 3, table: undefined }], 'TRUE'),
  ]) {
    expect(sql).not.toMatch(/xxx|'p|t'/);
    expect(binds).toContain("p'");
    expect(sql).toContain('3');
  }
  expect([...portions(Array.from({ length: 30 }, () => state))].map((some) => some.length)).toEqual(
    Array.from({ length: 15 }, () => 2),
  );
  expect(identifier('a')).toBe('"a"');
});

test('every statement that writes rows asks for the fence', () => {
  const fenced = { ...batch(), guard: "EXISTS ('the fence')" };
  const statements = [
    insertAll(fenced, TABLE),
    mergeNewest(fenced, TABLE),
    mergeRaw(fenced, TABLE),
    insertAllRaw(fenced, TABLE),
    rememberDeleted(fenced, keyValues(fenced), TABLE),
  ];
  for (const sql of statements) expect(sql).toContain("AND EXISTS ('the fence')");
  const state = { pipeline: 'p', stream: 's', state: {}, refresh: null };
  expect(moveState(TABLE, { state, from: 0, table: null }, 'FENCE').sql).toMatch(/ AND FENCE$/);
});

describe('groups of rows', () => {
  const instant = { type: 'string', format: 'date-time' };
  const properties = { id: { type: 'string' }, at: instant, until: instant, current: { type: 'boolean' } };
  const validity = { of: ['id'], by: 'at', from: 'at', to: 'until', current: 'current' };
  const keywords = (more: JsonObject = {}) => ({
    hubflake_removes: { by: ['id'] },
    hubflake_validity: { ...validity, ...more },
  });
  const removal = { id: '1', _hubflake_removes: true };
  const changes = { primary_key: [['id'], ['at']], cursor_field: [] };
  const grouped = (more: JsonObject = {}, records: object[] = [removal, { id: '1', at: '2026-01-01T00:00:00Z' }]) =>
    batch(properties, changes, true, records, keywords(more));

  test('whatever reads the batch reads it under the guard', () => {
    const given = { ...grouped(), guard: 'HAS_LEASE' };
    const statements = [
      removeRows(given, TABLE, TYPED.rowValue),
      recomputeValidity(given, TABLE, given.mapping.validity as Validity),
      mergeNewest(given, TABLE),
    ];
    for (const text of statements) expect(text.split('HAS_LEASE')).toHaveLength(text.split(given.stage).length);
  });

  test('a batch without removals is read as it always was', () => {
    const live = [{ id: '1', at: '2026-01-01T00:00:00Z' }];
    expect(mergeNewest(grouped({}, live), TABLE)).toBe(mergeNewest(batch(properties, changes, true, live), TABLE));
  });

  test('rows are removed by plain equality, which null never is', () => {
    expect(removeRows(grouped(), TABLE, TYPED.rowValue)).toContain(' s ON t."ID" = s.B0 WHEN MATCHED THEN DELETE');
  });

  test('a gap is subtracted, and an open end is an instant, only where there is one', () => {
    const text = (more: JsonObject) => {
      const given = grouped(more);
      return recomputeValidity(given, TABLE, given.mapping.validity as Validity);
    };
    expect(text({})).toContain('SELECT *, NEXT_BEGINS AS ENDS,');
    // A row of which it is true already would be written anew, and its part of the table with it.
    expect(text({})).toContain(' WHERE NOT (EQUAL_NULL(WAS_ENDS, ENDS) AND EQUAL_NULL(WAS_IS_LAST, IS_LAST)))');
    expect(text({ gap_ms: 1 })).toContain('SELECT *, DATEADD(millisecond, -1, NEXT_BEGINS) AS ENDS,');
    expect(text({ open: '9999-12-31T00:00:00Z' })).toContain('COALESCE(NEXT_BEGINS, IFF(REGEXP_LIKE(');
    // What rows go by is not written to.
    expect(text({})).toMatch(/THEN UPDATE SET "UNTIL" = s\.ENDS, "CURRENT" = s\.IS_LAST$/);
  });
});
