import type { JsonObject } from '../../../protocol/messages.js';
import { BatchContents } from '../../loader/batch-contents.js';
import { newMapping } from '../../tables/column-mapping.js';
import { type Target, targetsOf } from '../../target.js';
import type { StatementRunner } from '../session/statement-runner.js';
import type { Batch } from './batch.js';
import { compiled, inPortions } from './portions.js';
import { SNOWFLAKE_NAMES } from './quote.js';
import { columnPortions, newColumns } from './tables.js';
import { newType } from './types.js';
import { insertAll, mergeNewest } from './write.js';

const MEGABYTE = 1_000_000;

function batch(columns: number, nameLength: number, mode: 'append' | 'append_dedup' = 'append_dedup'): Batch {
  const properties: JsonObject = {
    id: { type: 'string' },
    archived: { type: 'boolean', hubflake_tombstone: true },
    updatedAt: { type: 'string', format: 'date-time' },
  };
  for (let i = 0; i < columns; i += 1) {
    const name = `${'p'.repeat(nameLength - 5)}_${1000 + i}`;
    properties[name] = [{ type: 'number' }, { type: 'string' }, { type: 'string', format: 'date-time' }][i % 3] ?? {};
  }
  const [target] = targetsOf(
    [
      {
        stream: { name: 'deals', json_schema: { properties }, supported_sync_modes: ['incremental'] },
        sync_mode: 'incremental',
        destination_sync_mode: mode,
        primary_key: [['id']],
        cursor_field: ['updatedAt'],
      },
    ],
    { schema: 'HUBSPOT', tableName: null, tableForm: 'typed', hardDeletes: true, names: SNOWFLAKE_NAMES },
  ) as [Target];
  return {
    target,
    mapping: newMapping(target),
    guard: 'GUARDED',
    stage: '"DB"."HUBSPOT"."STAGE"',
    types: target.columns.map(({ type }) => newType(type)),
    contents: new BatchContents(target, 1),
    generation: '0',
    idPrefix: '01234567-89ab-4cde-8f01-',
  };
}

/** Records statements instead of running them. */
function recorder() {
  const statements: string[] = [];
  const note = async (sql: string) => {
    statements.push(sql);
    return [];
  };
  return { statements, steps: { run: note, tidy: note } as unknown as StatementRunner };
}

test.each([
  ['a merge', 2000, 60, batch(2000, 60), (each: Batch) => mergeNewest(each, '"T"')],
  ['an insert', 2000, 100, batch(2000, 100, 'append'), (each: Batch) => insertAll(each, '"T"')],
  ['few columns with long names', 800, 240, batch(800, 240), (each: Batch) => mergeNewest(each, '"T"')],
])(
  '%s of %i columns whose names have %i letters is never longer than Snowflake takes',
  async (_, _n, _l, given, compile) => {
    const { statements, steps } = recorder();
    await compiled(steps, given, compile, steps.run);
    expect(Math.max(...statements.map((sql) => Buffer.byteLength(sql)))).toBeLessThan(MEGABYTE);
    const made = statements.filter((sql) => sql.startsWith('CREATE OR REPLACE TRANSIENT TABLE'));
    expect(made.length).toBeGreaterThan(2);
    expect(statements.filter((sql) => sql.startsWith('DROP TABLE'))).toHaveLength(made.length);
    // One statement changes the table, and it asks whether it still may.
    expect(statements.find((sql) => /^(MERGE|INSERT)/.test(sql))).toContain('WHERE GUARDED');
    expect(statements.filter((sql) => /^(MERGE|INSERT)/.test(sql))).toHaveLength(1);
  },
);

test('a batch whose statement is short enough is one statement', async () => {
  const { statements, steps } = recorder();
  await compiled(steps, batch(500, 30), (each) => mergeNewest(each, '"T"'), steps.run);
  expect(statements).toHaveLength(1);
});

test('each column is typed in one portion, and all are joined', () => {
  const given = batch(20, 10);
  const { prepare, typed, tables } = inPortions(given, 4);
  expect(tables).toHaveLength(5);
  for (const i of given.target.columns.keys()) {
    const given = prepare.filter((sql) => new RegExp(`^[^]*AS NOTED\\d[^(]*\\bAS C${i}\\b`).test(sql));
    expect(given).toHaveLength(1);
    expect(typed).toMatch(new RegExp(`\\bC${i}\\b`));
  }
});

test('columns that are made come in statements that are short enough, none twice, none left out', () => {
  const given = batch(2000, 100);
  const columns = newColumns(given.target, given.types).map((column) => ({ ...column, comment: 'c'.repeat(1000) }));
  const portions = [...columnPortions(columns)];
  expect(portions.length).toBeGreaterThan(1);
  expect(portions.flat()).toEqual(columns);
  for (const portion of portions) expect(Buffer.byteLength(JSON.stringify(portion))).toBeLessThan(1.2 * MEGABYTE);
});
