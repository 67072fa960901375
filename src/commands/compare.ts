import { parseDestinationConfig } from '../config/destination.js';
import { readConfigFile } from '../config/files.js';
import { ConfigError, DIFFERENT_EXIT_CODE } from '../errors.js';
import { fivetranKey } from '../streams/fivetran/keys.js';
import { type Comparison, compareSchemas, type TableComparison } from '../warehouse/compare/compare-schemas.js';
import { openSchemaPair } from '../warehouse/open-schema-pair.js';
import type { TextIo } from './runner/text-command.js';
import { textTable } from './runner/text-table.js';

/** `hubflake compare`: whether the tables of two schemas say the same. Exit code 3 where they do not. */
export async function compare(
  { print, stop, timeouts }: TextIo,
  options: {
    left?: string;
    right?: string;
    tables?: readonly string[];
    keys?: readonly string[];
    json?: boolean;
  },
): Promise<number> {
  const { left, right } = options;
  if (!left || !right) {
    throw new ConfigError(
      'Two schemas are compared. Add --left FILE and --right FILE, the configurations of their destinations.',
    );
  }
  const tables = options.tables === undefined ? null : names(options.tables.join(','));
  const keys = new Map((options.keys ?? []).map(keyGiven));
  const read = (file: string) => parseDestinationConfig(readConfigFile(file, 'destination configuration'));
  const pair = await openSchemaPair(read(left), read(right), timeouts);
  try {
    const result = await compareSchemas(pair, { tables, keys, keyOf: fivetranKey, signal: stop.signal });
    print(options.json ? JSON.stringify(result) : describeComparison(result));
    return result.isEqual ? 0 : DIFFERENT_EXIT_CODE;
  } finally {
    await pair.close();
  }
}

function names(list: string): string[] {
  const all = list.split(',').map((name) => name.trim().toLowerCase());
  return [...new Set(all.filter((name) => name !== ''))];
}

/** `table=column,column` */
function keyGiven(text: string): [table: string, columns: string[]] {
  const at = text.indexOf('=');
  const columns = names(text.slice(at + 1));
  if (at < 1 || columns.length === 0) {
    throw new ConfigError(
      `--key ${text} names no table with its columns. Write it like this: --key table=column,column.`,
    );
  }
  return [text.slice(0, at).trim().toLowerCase(), columns];
}

/** A comparison as text: a row a table, and below what differs. */
export function describeComparison({ tables, onlyLeft, onlyRight }: Comparison): string {
  const rows = tables.map(({ table, rows: { left, right }, columns, compared }) => [
    table,
    left,
    right,
    compared?.onlyLeft.rows ?? '–',
    compared?.onlyRight.rows ?? '–',
    columnsInShort(columns),
    compared?.values.reduce((sum, { rows: differing }) => sum + differing, 0) ?? '–',
  ]);
  const counted = tables.filter(({ compared }) => compared === null).length;
  const different = tables.filter(({ isEqual }) => !isEqual).length + onlyLeft.length + onlyRight.length;
  const all = tables.length + onlyLeft.length + onlyRight.length;
  const heads = ['table', 'rows left', 'rows right', 'only left', 'only right', 'columns', 'differing values'];
  return [
    textTable(heads, rows),
    ...tables.flatMap(details),
    ...alone('left', onlyLeft),
    ...alone('right', onlyRight),
    `\n${different === 0 ? 'Nothing differs in' : `${different} of`} ${all} ${all === 1 ? 'table' : 'tables'}${different === 0 ? '' : ' differ'}${counted === 0 ? '' : `; of ${counted}, only rows and columns were compared`}.`,
  ].join('\n');
}

function columnsInShort({ onlyLeft, onlyRight }: TableComparison['columns']): string {
  const parts = [...(onlyLeft.length > 0 ? [`${onlyLeft.length} only left`] : [])];
  if (onlyRight.length > 0) parts.push(`${onlyRight.length} only right`);
  return parts.length === 0 ? 'same' : parts.join(', ');
}

function alone(side: string, tables: readonly string[]): string[] {
  return tables.length === 0 ? [] : [`\nTables only ${side}: ${tables.join(', ')}`];
}

function details({ table, isEqual, columns, compared }: TableComparison): string[] {
  const lines: string[] = [];
  if (compared === null) lines.push('  its key is not known: only rows and columns were compared (--key gives one)');
  if (compared?.onlyLeft.rows) {
    const { rows, markedDeleted, keys } = compared.onlyLeft;
    const marked = markedDeleted === 0 ? '' : ` (${count(markedDeleted)} of them marked as deleted)`;
    lines.push(`  only left: ${count(rows)}${marked}: ${listed(keys, rows)}`);
  }
  if (compared?.onlyRight.rows) {
    lines.push(
      `  only right: ${count(compared.onlyRight.rows)}: ${listed(compared.onlyRight.keys, compared.onlyRight.rows)}`,
    );
  }
  for (const [side, rows] of Object.entries(compared?.repeated ?? {})) {
    if (rows > 0)
      lines.push(
        `  ${side}: ${count(rows)} rows have the key of another one, so that the key does not tell which is which`,
      );
  }
  if (columns.onlyLeft.length > 0) lines.push(`  columns only left: ${columns.onlyLeft.join(', ')}`);
  if (columns.onlyRight.length > 0) lines.push(`  columns only right: ${columns.onlyRight.join(', ')}`);
  for (const { column, rows, examples } of compared?.values ?? []) {
    lines.push(`  ${column} differs in ${count(rows)} ${rows === 1 ? 'row' : 'rows'}:`);
    for (const { key, left, right } of examples) lines.push(`    ${key.join(', ')}: ${shown(left)} | ${shown(right)}`);
  }
  if (isEqual && compared !== null) return [];
  return [`\n${table}${compared === null ? '' : `, by ${compared.key.join(', ')}`}`, ...lines];
}

function count(rows: number): string {
  return rows.toLocaleString('en');
}

function listed(keys: readonly (string | null)[][], of: number): string {
  return `${keys.map((key) => key.join(', ')).join(' · ')}${of > keys.length ? ' …' : ''}`;
}

/** In quotes, so that NULL and empty texts, and spaces at an end, can be seen. */
function shown(value: string | null): string {
  return value === null ? 'NULL' : JSON.stringify(value);
}
