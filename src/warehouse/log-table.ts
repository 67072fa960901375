/** How a column of a log is written. */
type Kind = 'text' | 'number' | 'decimal' | 'instant' | 'boolean';

/** A value of a log; null: there is none. */
type LogValue = string | number | boolean | null;

/** A table of the schema to which hubflake adds rows about itself, and which it never reads. */
export interface LogTable<Row> {
  name: string;
  columns: readonly (readonly [name: string, kind: Kind, value: (row: Row) => LogValue])[];
}

/** How a warehouse writes it. */
interface LogDialect {
  types: Readonly<Record<Kind, string>>;
  /** A text as SQL has it. */
  literal(text: string): string;
}

/** The statements that add rows to a log, which the first one makes where it is not there. @param table its full name */
export function logStatements<Row>(
  { columns }: LogTable<Row>,
  table: string,
  rows: readonly Row[],
  { types, literal }: LogDialect,
): string[] {
  const textOf = (kind: Kind, value: LogValue) => {
    if (value === null) return `CAST(NULL AS ${types[kind]})`;
    if (kind === 'instant') return `CAST(${literal(String(value))} AS ${types.instant})`;
    return kind === 'text' ? literal(String(value)) : String(value);
  };
  const values = rows.map((row) => `(${columns.map(([, kind, value]) => textOf(kind, value(row))).join(', ')})`);
  const definitions = columns.map(([name, kind]) => `"${name}" ${types[kind]}`);
  const names = columns.map(([name]) => `"${name}"`).join(', ');
  return [
    `CREATE TABLE IF NOT EXISTS ${table} (${definitions.join(', ')})`,
    `INSERT INTO ${table} (${names}) VALUES ${values.join(', ')}`,
  ];
}
