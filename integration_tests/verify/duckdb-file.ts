import { DuckDBInstance } from '@duckdb/node-api';

/** Runs statements in a DuckDB file. */
export async function execute(path: string, statements: readonly string[]): Promise<void> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  for (const statement of statements) await connection.run(statement);
  connection.closeSync();
  instance.closeSync();
}
