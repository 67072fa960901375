import type { Target } from '../target.js';
import type { Batch } from './batch.js';
import type { Database } from './database.js';
import type { TableForm } from './forms.js';
import * as sql from './sql.js';

/** A batch of so many lines is its own sample. */
const SAMPLE = 1000;
/**
 * Comparing a row costs a tenth of writing it anew (measured), and all between the first and the last to be compared may have to be
 * looked at. So many of these must be to be compared.
 */
const LEAST_SHARE = 1 / 8;

/**
 * Rows whose new version has the values that they have already: a first load that is read again brings little else, and so does the
 * part of an increment that is read twice. Of these only the metadata is written, at a fraction of the cost of writing them anew.
 * See docs/decisions/0013-unchanged-rows.md.
 */
export class UnchangedRows {
  readonly #db: Database;
  readonly #form: TableForm;
  /** Streams of which a batch was compared in vain, although its first lines had the cursors of their rows. */
  readonly #changing = new WeakSet<Target>();

  constructor(db: Database, form: TableForm) {
    this.#db = db;
    this.#form = form;
  }

  /** Whether a batch may have enough of them to be worth a closer look. @param place the stream with a table that exists */
  async areExpected(place: Target, batch: Batch): Promise<boolean> {
    if (batch.rows <= SAMPLE) return true;
    if (this.#changing.has(place)) return false;
    return (await this.#db.count(countSampled(this.#form, place, batch))) * 2 >= SAMPLE;
  }

  /**
   * Gives rows whose newest lines say what they say already the metadata of those lines, which then count no more as lines that take
   * the place of a row.
   *
   * @param place a stream whose lines are staged with their hashes, and matched
   * @returns how many rows
   */
  async keep(place: Target, batch: Batch): Promise<number> {
    const [found] = await this.#db.rows(CANDIDATES);
    const count = Number(found?.lines ?? 0);
    const isWorthIt = count > 0 && count >= Number(found?.span) * LEAST_SHARE;
    const kept = isWorthIt ? await this.#keepUnchanged(place) : 0;
    if (batch.rows > SAMPLE && kept * 2 < batch.rows) this.#changing.add(place);
    return kept;
  }

  async #keepUnchanged(place: Target): Promise<number> {
    await this.#db.run(findUnchanged(place, this.#form.rowHash(place)));
    const kept = await this.#db.change(touch(place));
    if (kept > 0) await this.#db.run(SETTLE);
    return kept;
  }
}

/** How many of the first lines have a row of the same cursor. DuckDB reads no more of a file than it is asked for. */
function countSampled(form: TableForm, place: Target, { paths, longest }: Batch): string {
  const narrow = form.narrow(place);
  const first = form.narrowRows(place, { paths: paths.slice(0, 1), longest });
  const isSame = `${sql.keysMatch(narrow)} AND ${sql.hasSameCursor(narrow, form.rowCursor(place))}`;
  return `SELECT count(*)::INTEGER AS rows FROM (SELECT * FROM (${first}) LIMIT ${SAMPLE}) AS s JOIN ${sql.tableName(place)} AS t ON ${isSame}`;
}

/** The lines that take the place of a row of the same cursor, and how many rows the table has from the first of those to the last. */
const CANDIDATES =
  `SELECT count(DISTINCT hf_line)::INTEGER AS lines, coalesce(max(hf_row) - min(hf_row) + 1, 0)::BIGINT AS span FROM ${sql.MATCHED} ` +
  'WHERE hf_newer AND hf_same_cursor';

/** A line whose key several rows have takes the place of them all. What the stream has no values for any more must be empty. */
function findUnchanged(place: Target, rowHash: string): string {
  const isCleared = ['true', ...place.cleared.map(({ name }) => `${sql.identifier(name)} IS NULL`)].join(' AND ');
  return (
    `CREATE OR REPLACE TEMP TABLE ${sql.UNCHANGED} AS SELECT m.hf_line, m.hf_row ` +
    `FROM (SELECT hf_line, any_value(hf_row) AS hf_row FROM ${sql.MATCHED} GROUP BY hf_line HAVING count(*) = 1 AND bool_and(hf_newer AND hf_same_cursor)) AS m ` +
    `JOIN ${sql.STAGE} AS s ON s.hf_line = m.hf_line ` +
    `JOIN (SELECT rowid AS hf_row, ${rowHash} AS hf_hash, ${isCleared} AS hf_cleared FROM ${sql.tableName(place)}) AS t ` +
    'ON t.hf_row = m.hf_row AND t.hf_hash = s.hf_hash AND t.hf_cleared'
  );
}

function touch(place: Target): string {
  const set = sql.METADATA.map(([name]) => `${name} = s.${name}`).join(', ');
  return (
    `UPDATE ${sql.tableName(place)} AS t SET ${set} FROM ${sql.UNCHANGED} AS u JOIN ${sql.STAGE} AS s ON s.hf_line = u.hf_line ` +
    'WHERE t.rowid = u.hf_row'
  );
}

const SETTLE = `UPDATE ${sql.MATCHED} SET hf_newer = false WHERE hf_line IN (SELECT hf_line FROM ${sql.UNCHANGED})`;
