import type { StatementRunner } from '../session/statement-runner.js';
import type { Batch } from './batch.js';
import { lines } from './lines.js';
import { LONGEST_STATEMENT } from './quote.js';
import { CHANGES_OF_THE_SOURCE, concat, fallbackOf, metadata, newestLines, values, versionColumns } from './rows.js';
import { dropTable } from './tables.js';

/**
 * Statements over so many columns that their text is too long for Snowflake. The batch's values are first cast into
 * tables, some columns in each. One statement then joins these by line number; it is as atomic as the original.
 */

/** A batch in tables: what makes them, in this order, and the query on them. */
interface Portions {
  prepare: string[];
  tables: string[];
  typed: string;
}

/**
 * Compiles a statement on a batch's rows and hands it to `body`, which may run it in a transaction. Where its text
 * would be too long, the batch is cast into tables before that.
 *
 * @param compile must take its rows from `allRows` where the target is not deduplicated, else from `newestRows`
 * @param most bytes of a statement
 */
export async function compiled<T>(
  runner: StatementRunner,
  batch: Batch,
  compile: (batch: Batch) => string,
  body: (text: string) => Promise<T>,
  most = LONGEST_STATEMENT,
): Promise<T> {
  const text = compile(batch);
  if (Buffer.byteLength(text) <= most) return body(text);
  const { prepare, tables, typed } = inPortions(batch, Math.ceil((2 * Buffer.byteLength(text)) / most));
  try {
    for (const each of prepare) await runner.run(each);
    return await body(compile({ ...batch, typed }));
  } finally {
    for (const table of tables) await runner.tidy(dropTable(table));
  }
}

/** @param count in how many tables the columns are to be */
export function inPortions(batch: Batch, count: number): Portions {
  const { target, mapping, types, stage } = batch;
  const isNewest = target.mode === 'append_dedup';
  const extra = isNewest ? versionColumns(mapping) : [];
  const base = besideStage(stage, 'L');
  const prepare = [createFrom(base, isNewest ? newestLines(batch) : lines(batch))];
  const tables = [base];
  const notes = [CHANGES_OF_THE_SOURCE];
  const each = Math.ceil(mapping.columns.length / count);
  for (let first = 0; first < mapping.columns.length; first += each) {
    const k = tables.length - 1;
    const columns = mapping.columns.slice(first, first + each);
    const portion = { ...batch, mapping: { ...mapping, columns }, types: types.slice(first, first + each) };
    const fallback = isNewest ? fallbackOf(mapping) : undefined;
    const kept = ['N', 'D', ...(fallback === undefined ? [] : [fallback])];
    const typed = values(portion, `SELECT ${kept.join(', ')} FROM ${base}`, kept, fallback);
    const given = [
      `N AS N${k}`,
      `${concat(["''", ...typed.notes])} AS NOTED${k}`,
      ...columns.map((_, i) => `C${i} AS C${first + i}`),
    ];
    const table = besideStage(stage, `P${k}`);
    prepare.push(createFrom(table, `SELECT ${given.join(', ')} FROM (${typed.query})`));
    tables.push(table);
    notes.push(`NOTED${k}`);
  }
  const joined = tables.slice(1).map((table, k) => ` JOIN ${table} ON N = N${k}`);
  const query = [
    `SELECT ${metadata(batch, concat(notes))}`,
    ...extra,
    `${mapping.columns.map((_, i) => `C${i}`).join(', ')} FROM ${base}${joined.join('')}${batch.guard === null ? '' : ` WHERE ${batch.guard}`}`,
  ].join(', ');
  return { prepare, tables, typed: query };
}

/** A table that goes with the stage table, also where a run that died has left it: their names begin alike. */
function besideStage(stage: string, end: string): string {
  return stage.replace(/"$/, `_${end}"`);
}

function createFrom(table: string, query: string): string {
  return `CREATE OR REPLACE TRANSIENT TABLE ${table} DATA_RETENTION_TIME_IN_DAYS = 0 AS ${query}`;
}
