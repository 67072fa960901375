import type { Column } from '../../column.js';
import { REMOVAL } from '../../loader/batch-contents.js';
import { hasTombstones } from '../../target.js';
import type { Batch } from './batch.js';
import { value } from './fields.js';

/** The lines of a batch in its stage table, and what its removals make of them. */

/** The lines that leave rows, each as N, T, M, D; where there are tombstones also S. */
export function lines(batch: Batch): string {
  const hasSets = hasTombstones(batch.mapping);
  return batch.contents.removals === 0 ? allLines(batch, hasSets) : remainingLines(batch, hasSets);
}

function allLines({ stage, contents, guard }: Batch, hasSets: boolean): string {
  return (
    `SELECT "V"['n']::NUMBER(38,0) AS N, "V"['t']::NUMBER(38,0) AS T, "V"['m'] AS M, "V"['d'] AS D` +
    `${hasSets ? `, "V"['s']::NUMBER(38,0) AS S` : ''} ` +
    `FROM ${stage} WHERE "V"['b']::NUMBER(38,0) = ${contents.batch}${guard === null ? '' : ` AND ${guard}`}`
  );
}

/** All but removals, and what came before the last removal that names it. NULL is equal to nothing. */
function remainingLines(batch: Batch, hasSets: boolean): string {
  const names = groupNames(batch);
  const last = `SELECT ${names.map((name) => `${name} AS R${name}`).join(', ')}, MAX(N) AS LAST_N FROM (${removals(batch)}) GROUP BY ${names.join(', ')}`;
  const same = names.map((name) => `l.${name} = r.R${name}`).join(' AND ');
  return (
    `SELECT l.N, l.T, l.M, l.D${hasSets ? ', l.S' : ''} FROM (${groupedLines(batch)}) l LEFT JOIN (${last}) r ON ${same} ` +
    `WHERE (l.S IS NULL OR l.S <> ${REMOVAL}) AND (r.LAST_N IS NULL OR l.N > r.LAST_N)`
  );
}

/** What all lines of the batch have for some columns, each once, as G0, G1, … */
export function groupsOf(batch: Batch, columns: readonly Column[]): string {
  const values = columns.map((column, i) => `${value(batch, column)} AS G${i}`);
  return `SELECT DISTINCT ${values.join(', ')} FROM (${allLines(batch, false)})`;
}

/** The removals, with what they go by as B0, B1, … */
export function removals(batch: Batch): string {
  return `SELECT N, ${groupNames(batch).join(', ')} FROM (${groupedLines(batch)}) WHERE S = ${REMOVAL}`;
}

function groupedLines(batch: Batch): string {
  const by = batch.mapping.removedBy.map((column, i) => `${value(batch, column)} AS B${i}`);
  return `SELECT N, T, M, D, S, ${by.join(', ')} FROM (${allLines(batch, true)})`;
}

export function groupNames({ mapping }: Batch): string[] {
  return mapping.removedBy.map((_, i) => `B${i}`);
}
