import type { JsonObject } from '../protocol/messages.js';
import { type ComparedColumn, type Kind, tablesOf } from './compare/schema-pair.js';
import * as compare from './compare/sql.js';
import * as duckForms from './duckdb/sql/forms.js';
import * as duckGroups from './duckdb/sql/groups.js';
import * as duckRaw from './duckdb/sql/raw.js';
import * as duckRows from './duckdb/sql/rows.js';
import * as duckSchema from './duckdb/sql/schema.js';
import * as duck from './duckdb/sql/sql.js';
import * as duckTombstones from './duckdb/sql/tombstones.js';
import { recomputeValidity as duckRecompute } from './duckdb/sql/validity.js';
import { DUCKDB_NAMES } from './duckdb/table-keeper.js';
import { BatchContents } from './loader/batch-contents.js';
import { REMOVES, type Validity } from './schema-keywords.js';
import { Lease } from './snowflake/lease.js';
import type { Batch } from './snowflake/sql/batch.js';
import * as snowForms from './snowflake/sql/forms.js';
import { inPortions } from './snowflake/sql/portions.js';
import { beginning, pattern, qualified, SNOWFLAKE_NAMES } from './snowflake/sql/quote.js';
import * as snowRaw from './snowflake/sql/raw.js';
import { countRows, firstInserted, firstLive, keyValues } from './snowflake/sql/rows.js';
import * as states from './snowflake/sql/states.js';
import * as tables from './snowflake/sql/tables.js';
import * as snowTombstones from './snowflake/sql/tombstones.js';
import { newType } from './snowflake/sql/types.js';
import { recomputeValidity as snowRecompute } from './snowflake/sql/validity.js';
import { insertAll, mergeNewest, removeRows } from './snowflake/sql/write.js';
import { type ColumnMapping, newMapping } from './tables/column-mapping.js';
import { rawMapping } from './tables/raw-form.js';
import { type Target, targetsOf } from './target.js';

/**
 * No name and no value can be read as SQL: every statement of both stores is compiled with hostile ones, and stripped of what
 * stands in quotes, by the quoting rules of its warehouse. What is left is ours.
 */

const HOSTILE = [
  `x"; DROP TABLE evil; --`,
  `x'; DROP TABLE evil; --`,
  `x\\'; DROP TABLE evil; --`,
  `x\\"; DROP TABLE evil; --`,
  `x"') evil; --`,
  `x\`; evil`,
  `x*/ evil /*`,
  `x\n'; evil`,
  `x$$ evil $$`,
  `'' evil`,
  `"" evil`,
  `\\\\' evil`,
  `evil\0'"`,
  'evil\ud800"',
  '%evil_',
];

/** Snowflake: '' and \ escape in texts, "" in identifiers. DuckDB knows no backslash. */
const QUOTED = {
  snowflake: /'(?:[^'\\]|''|\\.)*'|"(?:[^"]|"")*"/gs,
  duckdb: /'(?:[^']|'')*'|"(?:[^"]|"")*"/gs,
};

function target(evil: string, names: typeof DUCKDB_NAMES, mode: 'append' | 'append_dedup' = 'append_dedup'): Target {
  const properties: JsonObject = {};
  const types: JsonObject[] = [
    { type: 'string' },
    { type: 'number' },
    { type: 'number', hubflake_decimal: true },
    { type: 'string', format: 'date-time' },
    { type: 'array' },
    { type: 'object' },
    { type: 'boolean', hubflake_tombstone: true },
    {},
  ];
  for (const [i, type] of types.entries())
    properties[`${evil}${i}`] = { ...type, title: evil, description: `${evil}.` };
  // Columns that differ only by case.
  properties[`${evil}0`.toUpperCase()] = { type: 'integer' };
  properties._ab_cdc_deleted_at = { type: 'string', format: 'date-time' };
  for (const name of ['from', 'to']) properties[`${evil}${name}`] = { type: 'string', format: 'date-time' };
  const of = [`${evil}0`, `${evil}1`, `${evil}6`];
  const dated = { by: `${evil}3`, from: `${evil}from`, to: `${evil}to`, current: `${evil}6` };
  const keywords = {
    hubflake_removes: { by: of },
    hubflake_validity: { of, ...dated, gap_ms: 1, open: '9999-12-31T23:59:59Z' },
  };
  const [made] = targetsOf(
    [
      {
        stream: {
          name: evil,
          namespace: evil,
          json_schema: { properties, ...keywords },
          supported_sync_modes: ['incremental'],
        },
        sync_mode: 'incremental',
        destination_sync_mode: mode,
        primary_key: of.map((field) => [field]),
        cursor_field: [`${evil}3`],
      },
    ],
    { schema: evil, tableName: null, tableForm: 'typed', hardDeletes: true, names },
  );
  if (!made) throw new Error('no target');
  return made;
}

function mapping(target: Target, evil: string): ColumnMapping {
  return { ...newMapping(target), cleared: [{ name: evil, field: evil }] };
}

function ofDuckDb(evil: string): string[] {
  const table = target(evil, DUCKDB_NAMES);
  const given = mapping(table, evil);
  const [column] = given.columns;
  if (!column) throw new Error('no column');
  const raw = rawMapping(given);
  const validity = given.validity as Validity;
  // A struct has no columns that differ only by case.
  const distinct = {
    ...given,
    columns: given.columns.filter(({ field }) => !field.endsWith('0') || field === column.field),
  };
  const { TYPED } = duckForms;
  const lines = { paths: [`/tmp/${evil}`], longest: 1, asJson: true };
  const asStruct = { ...lines, asJson: false };
  return [
    duckRows.loadLines(lines, duck.isLastTombstone(given)),
    duckRows.LOADED_FIELDS,
    TYPED.narrowRows(given, table, lines),
    TYPED.narrowRows(distinct, table, asStruct),
    TYPED.insert(table, distinct, TYPED.wholeRows(distinct, table, asStruct), true),
    TYPED.insert(table, given, TYPED.wholeRows(given, table, lines, duck.IS_WANTED), false),
    duck.createAs(duck.MARKS, TYPED.tombstones(given, table, duckRows.LOADED)),
    duckRaw.narrowRows(given, table, lines),
    duckRaw.insert(table, given, duckRaw.wholeRows(given, table, lines, duck.IS_WANTED), true),
    duckGroups.findGroups(given, table, { ...lines, without: duck.GONE }),
    duckGroups.findGone(given),
    duckGroups.removeRows(table, given, TYPED.rowValue),
    duckGroups.removeRows(table, given, duckForms.RAW.rowValue),
    duckRecompute(table, given, validity),
    duck.countDoubles(table, given),
    duck.match(table, given),
    duck.match(table, given, duckRaw.rowCursor(given)),
    duck.want(given),
    duck.deleteReplaced(table),
    duck.keepOthers(table, [evil]),
    duck.restoreOthers(table, given, [evil]),
    duck.createSchema(table),
    duck.createTable(table, given),
    duck.createTable(table, raw),
    duck.mergeTombstones(table, given),
    duck.countRows(table),
    duck.deleteAll(table),
    duck.insertFrom(table, table, given),
    duck.dropTable(table),
    duck.countOlder(table, 1),
    duck.newestGeneration(table),
    duckTombstones.createTombstones(table),
    duckTombstones.remember(table, table, given),
    duckTombstones.leaveOut(table, table, duckRaw.stagedMapping(given)),
    duckTombstones.forget(table, table),
    duckTombstones.forgetOld(table),
    duckTombstones.countDeleted(table, table),
    duckTombstones.newestDeleted(table, table),
    duckSchema.addColumn(table, column),
    duckSchema.widenColumn(table, column),
    duckSchema.commentOn(table, column),
    duckSchema.dropNotNull(table, evil),
    duckSchema.columnsOf(evil),
    duckSchema.columnsOfSchema(evil, evil),
    ...ofComparison(evil, duck.tableName(table)),
    duckRaw.mergeTombstones(table, given),
    ...duckRaw.createView(table, given.columns),
    duckRaw.dropView(table),
  ];
}

function ofSnowflake(evil: string): string[] {
  const keeper = new Lease(
    qualified(evil, evil, evil),
    { name: evil, run: evil, leastLease: 60_000, flushMilliseconds: 1000 },
    async () => undefined,
    () => undefined,
  );
  const batch = (mode: 'append' | 'append_dedup', removes = false): Batch => {
    const given = target(evil, SNOWFLAKE_NAMES, mode);
    const types = given.columns.map(({ type }) => newType(type));
    const contents = new BatchContents(given, 1);
    contents.add(Buffer.from(JSON.stringify({ [given.key[0]?.field as string]: evil })));
    if (removes) contents.add(Buffer.from(JSON.stringify({ [REMOVES]: true })));
    return {
      target: given,
      mapping: mapping(given, evil),
      guard: keeper.condition,
      stage: qualified(evil, evil, 'STAGE'),
      contents,
      types,
      generation: tables.newestGenerationOf(given, qualified(evil), qualified(evil)),
      idPrefix: '01234567-89ab-4cde-8f01-',
    };
  };
  const given = batch('append_dedup');
  const table = qualified(evil, given.target.schema, given.target.table);
  const columns = tables.newColumns(given.target, given.types);
  const [column] = given.target.columns;
  if (!column) throw new Error('no column');
  return [
    insertAll(batch('append'), table),
    mergeNewest(batch('append_dedup', true), table),
    removeRows(batch('append_dedup', true), table, snowForms.TYPED.rowValue),
    removeRows(batch('append_dedup', true), table, snowForms.RAW.rowValue),
    countRows(batch('append_dedup', true)),
    snowRecompute(given, table, given.mapping.validity as Validity),
    mergeNewest(given, table),
    mergeNewest({ ...given, tombstones: table }, table),
    snowRaw.mergeRaw({ ...given, tombstones: table }, table),
    snowTombstones.createTombstones(table),
    snowTombstones.rememberDeleted(given, keyValues(given), table),
    snowTombstones.forget(table, given.target),
    snowTombstones.forgetOld(table),
    snowTombstones.newestDeleted(table, given.target),
    tables.newestGeneration(table),
    firstLive(given),
    tables.isSame(given.mapping, table, table),
    snowRaw.insertAllRaw(given, table),
    snowRaw.mergeRaw(given, table),
    snowRaw.createView(table, given.target.columns, table),
    snowRaw.dropView(table),
    ...inPortions(given, 3).prepare,
    inPortions(given, 3).typed,
    tables.createTable(table, columns, { transient: true, retentionDays: 1 }),
    tables.addColumns(table, columns),
    tables.commentOn(table, column),
    tables.describeTable(table),
    tables.columnsOfSchema(evil, evil),
    ...ofComparison(evil, table),
    tables.dropTable(table),
    tables.overwriteFrom(given.mapping, table, table),
    tables.deleteAll(table),
    tables.countOlder(table, 1),
    tables.createStageTable(table),
    tables.put(`/tmp/${evil}/1.json.gz`, tables.tableStage('STAGE')),
    tables.copyInto(table, tables.tableStage('STAGE')),
    `SHOW TERSE OBJECTS LIKE ${pattern(evil)}`,
    `SHOW TERSE TABLES LIKE ${beginning(evil)}`,
    states.createStateTable(table),
    states.completeStateTable(table),
    firstInserted(given, table),
    states.loadStates(table, evil),
    states.positions(table),
    states.makeRows(table, evil, [evil], 'TRUE').sql,
  ];
}

/** The queries of a comparison of tables with these names. */
function ofComparison(evil: string, fullName: string): string[] {
  const rows = Object.entries({ a: 'VARCHAR', b: 'BIGINT', c: 'TIMESTAMP', d: 'JSON' });
  const named = rows.map(([end, type]) => ({ table: evil, column: `${evil}${end}`, type }));
  const [table] = tablesOf(
    [...named, { table: evil, column: '_fivetran_deleted', type: 'TEXT' }],
    () => fullName,
  ).values();
  if (!table) throw new Error('no table');
  const columns = [...table.columns.values()].flatMap((left) =>
    (['number', 'text', 'time', 'boolean', 'json'] satisfies Kind[]).map((kind) => {
      const right: ComparedColumn = { name: left.name, kind };
      return { left, right };
    }),
  );
  const tables = { left: table, right: table, key: columns.slice(0, 5) };
  return [
    compare.countRows(table),
    compare.countKeys(table, [...table.columns.values()]),
    compare.countSides(tables),
    compare.keysOfOne(tables, 'left'),
    compare.keysOfOne(tables, 'right'),
    compare.countDifferences(tables, columns),
    compare.differences(tables, columns),
  ];
}

test.each(HOSTILE)('%j as every name and text is nowhere outside of quotes', (evil) => {
  for (const [warehouse, statements] of [
    ['duckdb', ofDuckDb(evil)],
    ['snowflake', ofSnowflake(evil)],
  ] as const) {
    for (const sql of statements) {
      const bare = sql.replace(QUOTED[warehouse], '~');
      expect(bare).not.toMatch(/evil|--|;|['"`\\$]|\/\*|\*\//i);
      // NUL ends a statement early in a driver, and half a surrogate pair would be another text once it is sent.
      expect(sql).not.toMatch(/\0|\p{Surrogate}/u);
    }
  }
});
