// The floor of `write` to DuckDB: DuckDB alone reads the file of messages with the schema it is told, and merges the records
// into a table by their key. Every value must be of its type, and no key may come twice: nothing is checked, nothing noted.
// node duckdb-merge.mjs <messages file> <catalog file> <database file>
import { readFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';

const [messages, catalogFile, database] = process.argv.slice(2);
const { streams } = JSON.parse(readFileSync(catalogFile, 'utf8'));
const [{ stream, primary_key: primaryKey }] = streams;

function typeOf({ type, format }) {
  const kinds = [type].flat();
  if (format === 'date') return 'DATE';
  if (format === 'date-time') return 'TIMESTAMPTZ';
  if (kinds.includes('boolean')) return 'BOOLEAN';
  if (kinds.includes('integer')) return 'BIGINT';
  if (kinds.includes('number')) return 'DOUBLE';
  return kinds.includes('string') ? 'VARCHAR' : 'JSON';
}

const quoted = (name) => `"${name.replaceAll('"', '""')}"`;
const literal = (text) => `'${text.replaceAll("'", "''")}'`;
const columns = Object.entries(stream.json_schema.properties).map(
  ([name, schema]) => `${quoted(name)} ${typeOf(schema)}`,
);
const names = Object.keys(stream.json_schema.properties).map(quoted);
const record = `STRUCT(emitted_at BIGINT, data STRUCT(${columns.join(', ')}))`;

const instance = await DuckDBInstance.create(database);
const connection = await instance.connect();
await connection.run(`CREATE TABLE IF NOT EXISTS t (${columns.join(', ')})`);
await connection.run(
  `MERGE INTO t USING (SELECT unnest(record.data) FROM read_json(${literal(messages)}, format = 'newline_delimited', ` +
    `columns = {type: 'VARCHAR', record: ${literal(record)}}) WHERE type = 'RECORD') AS s ` +
    `ON ${primaryKey.map(([name]) => `t.${quoted(name)} = s.${quoted(name)}`).join(' AND ')} ` +
    `WHEN MATCHED THEN UPDATE SET ${names.map((name) => `${name} = s.${name}`).join(', ')} ` +
    `WHEN NOT MATCHED THEN INSERT (${names.join(', ')}) VALUES (${names.map((name) => `s.${name}`).join(', ')})`,
);
await connection.run('CHECKPOINT');
connection.closeSync();
instance.closeSync();
