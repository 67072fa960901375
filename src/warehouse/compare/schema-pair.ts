/** What values of a column are, as far as it matters to whether two are the same. */
export type Kind = 'number' | 'time' | 'boolean' | 'text' | 'json' | 'other';

export interface ComparedColumn {
  /** As the table has it. */
  name: string;
  kind: Kind;
}

export interface ComparedTable {
  /** As SQL has it, with schema and database. */
  fullName: string;
  /** By their names in small letters. */
  columns: ReadonlyMap<string, ComparedColumn>;
}

/** Tables by their names in small letters. */
export type ComparedTables = ReadonlyMap<string, ComparedTable>;

/** Two schemas that one connection reads. Nothing is written. */
export interface SchemaPair {
  left(): Promise<ComparedTables>;
  right(): Promise<ComparedTables>;
  /** Runs a query. Throws a HubflakeError. @param doing a noun phrase, for messages: "Comparing the table contact" */
  rows(query: string, doing: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** Both warehouses' names of types, as their catalogs have them. */
const KINDS: readonly [RegExp, Kind][] = [
  [/^(NUMBER|NUMERIC|DECIMAL|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?\b|FLOAT|DOUBLE|REAL)/, 'number'],
  [/^(TIMESTAMP|DATE)/, 'time'],
  [/^BOOLEAN/, 'boolean'],
  [/^(VARCHAR|TEXT|STRING|CHAR)/, 'text'],
  [/^(JSON|VARIANT|OBJECT|ARRAY)/, 'json'],
];

export function kindOf(type: string): Kind {
  // DuckDB's lists.
  if (type.endsWith(']')) return 'other';
  return KINDS.find(([pattern]) => pattern.test(type.toUpperCase()))?.[1] ?? 'other';
}

/** Tables with states and memories of ours. */
const OURS = /^_hubflake_/;

/**
 * The tables of a schema. Of names that differ in capital letters only, which Snowflake tells apart, the first counts.
 *
 * @param rows a column each, as `table`, `column` and `type`
 */
export function tablesOf(
  rows: readonly Record<string, unknown>[],
  fullName: (table: string) => string,
): Map<string, ComparedTable> {
  const tables = new Map<string, ComparedTable & { columns: Map<string, ComparedColumn> }>();
  for (const row of rows) {
    const [table, name] = [String(row.table), String(row.column)];
    const key = table.toLowerCase();
    if (OURS.test(key)) continue;
    const found = tables.get(key) ?? { fullName: fullName(table), columns: new Map() };
    tables.set(key, found);
    if (found.fullName !== fullName(table) || found.columns.has(name.toLowerCase())) continue;
    found.columns.set(name.toLowerCase(), { name, kind: kindOf(String(row.type)) });
  }
  return tables;
}
