import type { RecordView } from '../../../src/sandbox/portal/truth.js';
import type { Sandbox } from '../../../src/sandbox/server.js';
import type { ReadAs, TestWarehouse } from '../test-warehouse.js';

export type Deletes = 'off' | 'mark' | 'cdc';
export type Mode = 'append_dedup' | 'append' | 'overwrite';

/** What is read of each contact. */
export const PROPERTIES = ['firstname', 'lastname', 'email', 'annualrevenue'];
const TEXTS = ['firstname', 'lastname', 'email'];

export interface Expectation {
  deletes: Deletes;
  mode: Mode;
  /** Whether only contacts with an e-mail address are wanted. */
  isFiltered: boolean;
}

type Row = Record<string, unknown>;

/** Throws where a table of contacts differs from what the portal has. */
export async function expectTruth(
  warehouse: TestWarehouse,
  { portal }: Sandbox,
  { deletes, mode, isFiltered }: Expectation,
): Promise<void> {
  const rows = await allRows(warehouse);
  const options = { properties: PROPERTIES, associations: ['companies'] };
  const { live, archived, merged } = portal.truth('contacts', options);
  const ids = rows.map((row) => row._airbyte_raw_id);
  const wrong: string[] = [];
  if (new Set(ids).size < ids.length) wrong.push('lines were written twice');
  const held = lastVersions(rows);
  if (mode !== 'append' && held.size < rows.length) wrong.push('records are there twice');
  for (const record of live.filter(({ properties }) => !isFiltered || Boolean(properties.email))) {
    const shown = (held.get(record.id) ?? []).map((row) => JSON.stringify(shownBy(row)));
    const expected = JSON.stringify(expectedOf(record));
    held.delete(record.id);
    if (!shown.includes(expected)) wrong.push(`${record.id} is ${expected}, and not ${shown}`);
  }
  // What is no longer there, or not wanted any more.
  const gone = new Map<string, object>([
    ...live.map(({ id }) => [id, { archived: false, matches_filters: false }] as const),
    ...archived.map((record) => [record.id, archivedRow(record)] as const),
    ...merged.map(({ id, mergedInto }) => [id, { archived: true, merged_into: mergedInto }] as const),
  ]);
  // An overwrite, too, is told what went away while it read.
  const mayStay = mode !== 'append_dedup' || deletes === 'mark';
  for (const [id, versions] of held) {
    const marks = gone.get(id);
    // Nothing tells of what went away.
    if (deletes === 'off' && mode !== 'overwrite' && marks !== undefined) continue;
    const isRight = (row: Row) => marks !== undefined && holds(row, marks) && isDeleted(row) === (deletes === 'cdc');
    if (mayStay && versions.some(isRight)) continue;
    wrong.push(`${id} is gone (${JSON.stringify(marks)}), but ${JSON.stringify(versions)}`);
  }
  if (wrong.length > 0) throw new Error(`${wrong.length} are wrong: ${wrong.slice(0, 3).join('\n')}`);
}

async function allRows(warehouse: TestWarehouse): Promise<Row[]> {
  const table = 'contacts';
  const fields: Record<string, ReadAs> = {
    _airbyte_raw_id: 'text',
    _airbyte_extracted_at: 'instant',
    id: 'text',
    updated_at: 'instant',
    archived: 'boolean',
    archived_at: 'instant',
    merged_into: 'text',
    matches_filters: 'boolean',
    _ab_cdc_deleted_at: 'instant',
    associated_companies: 'json',
    ...Object.fromEntries(TEXTS.map((name) => [name, 'text'])),
    annualrevenue: 'number',
  };
  // Where there is no table, DuckDB knows no columns of it, and Snowflake fails.
  const columns = await warehouse.columns(table).catch((): string[] => []);
  if (columns.length === 0) return [];
  const there = Object.entries(fields).filter(([name]) => columns.includes(warehouse.name(name)));
  return warehouse.rows(table, Object.fromEntries(there));
}

/** The last version of each record; several, where they are of the same moment. */
function lastVersions(rows: readonly Row[]): Map<string, Row[]> {
  const key = (row: Row | undefined) => `${row?.updated_at} ${row?._airbyte_extracted_at}`;
  const last = new Map<string, Row[]>();
  for (const row of rows) {
    const id = String(row.id);
    const before = last.get(id) ?? [];
    if (before.length === 0 || key(row) > key(before[0])) last.set(id, [row]);
    else if (key(row) === key(before[0])) last.set(id, [...before, row]);
  }
  return last;
}

function isDeleted(row: Row): boolean {
  return typeof row._ab_cdc_deleted_at === 'string';
}

function shownBy(row: Row): object {
  return {
    archived: row.archived,
    isDeleted: isDeleted(row),
    matches: row.matches_filters !== false,
    updatedAt: row.updated_at,
    companies: [...((row.associated_companies as string[] | null) ?? [])].sort(),
    values: PROPERTIES.map((name) => row[name] ?? null),
  };
}

function expectedOf({ properties, updatedAt, associations }: RecordView): object {
  const text = (name: string) => properties[name] ?? null;
  const number = (name: string) => (text(name) === null || text(name) === '' ? null : Number(text(name)));
  return {
    archived: false,
    isDeleted: false,
    matches: true,
    updatedAt: new Date(updatedAt).toISOString(),
    companies: [...(associations?.companies ?? [])].sort(),
    values: PROPERTIES.map((name) => (TEXTS.includes(name) ? text(name) : number(name))),
  };
}

function archivedRow({ archivedAt }: RecordView): object {
  return { archived: true, merged_into: null, archived_at: new Date(archivedAt as string).toISOString() };
}

function holds(row: Row, marks: object): boolean {
  return Object.entries(marks).every(([name, value]) => row[name] === value);
}
