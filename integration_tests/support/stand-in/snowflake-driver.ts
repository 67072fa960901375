import type { Bind, Connection, ConnectionOptions, RowStatement } from 'snowflake-sdk';

// Before the driver is loaded: it would ask the addresses of three clouds where it runs, and warn of this Node's age.
process.env.SNOWFLAKE_DISABLE_PLATFORM_DETECTION = 'true';
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
const { default: snowflake } = await import('snowflake-sdk');
// It would write to stdout and to ./snowflake.log.
snowflake.configure({ logLevel: 'OFF', additionalLogToConsole: false });

export type Row = Record<string, unknown>;

/** Logs in with the official driver. Rejects with the driver's error. */
export function connect(options: ConnectionOptions): Promise<Connection> {
  const connection = snowflake.createConnection({
    account: 'TESTS',
    // Otherwise a NULL that is fetched as a text is the text NULL.
    representNullAsStringNull: false,
    ...options,
  });
  return new Promise((resolve, reject) => {
    connection.connect((error) => (error ? reject(error) : resolve(connection)));
  });
}

export interface Execution {
  binds?: readonly Bind[];
  /** Of the statement alone, as QUERY_TAG. */
  parameters?: Record<string, unknown>;
}

/**
 * Runs a statement and gives its rows as JSON has them: numbers as text, so that none is rounded, moments as ISO texts of
 * milliseconds, days as YYYY-MM-DD, what VARIANT holds as values.
 */
export function execute(connection: Connection, sql: string, { binds, parameters }: Execution = {}): Promise<Row[]> {
  return new Promise((resolve, reject) => {
    connection.execute({
      sqlText: sql,
      fetchAsString: ['Number'],
      ...(binds && { binds }),
      ...(parameters && { parameters }),
      complete: (error, statement, rows) => (error ? reject(error) : resolve(plain(statement, rows ?? []))),
    });
  });
}

/** Ends the session. One that the server has forgotten is ended, too. */
export function close(connection: Connection): Promise<void> {
  return new Promise((resolve) => {
    connection.destroy(() => resolve());
  });
}

function plain(statement: RowStatement, rows: Row[]): Row[] {
  const days = new Set<string>();
  for (const column of statement.getColumns() ?? []) if (column.isDate()) days.add(column.getName());
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => {
        if (!(value instanceof Date)) return [name, value];
        const text = new Date(value.getTime()).toISOString();
        return [name, days.has(name) ? text.slice(0, 10) : text];
      }),
    ),
  );
}
