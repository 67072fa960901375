import { DuckDBInstance } from '@duckdb/node-api';

/** Runs a query on a DuckDB file; rows with values as JSON has them. */
export async function query(path: string, sql: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** The names of a file's tables. */
export async function tables(path: string): Promise<string[]> {
  return (await query(path, 'SELECT table_name FROM duckdb_tables() ORDER BY 1')).map((row) => String(row.table_name));
}
