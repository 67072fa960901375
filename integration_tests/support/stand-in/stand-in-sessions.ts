import type { Bind, Connection, ConnectionOptions, RowStatement } from 'snowflake-sdk';
import type { StandIn } from './snowflake.js';
import { close, connect, execute, type Row } from './snowflake-driver.js';

/** Runs a statement in a session. */
export type Run = (sql: string, binds?: readonly Bind[]) => Promise<Row[]>;

/** A client's sessions with the stand-in, in the schema DB.S and with the role LOADER. */
export class StandInSessions {
  readonly #connections: Connection[] = [];

  constructor(private readonly standIn: StandIn) {}

  /** Makes DB.S, and in it the table T. */
  async begin(): Promise<void> {
    await this.standIn.query('CREATE DATABASE DB');
    await this.standIn.query('CREATE SCHEMA DB.S');
    await this.standIn.query('CREATE TABLE DB.S.T ("ID" VARCHAR, "N" NUMBER(38,0))');
  }

  async open(options: ConnectionOptions = {}): Promise<Connection> {
    const who = { username: 'ANN', password: 'secret', role: 'LOADER' };
    const place = { accessUrl: this.standIn.url, database: 'DB', schema: 'S' };
    const connection = await connect({ ...place, ...who, ...options });
    this.#connections.push(connection);
    return connection;
  }

  async session(options: ConnectionOptions = {}): Promise<Run> {
    const connection = await this.open(options);
    return (sql, binds) => execute(connection, sql, binds && { binds });
  }

  /** The rows of DB.S.T as they are: one text each, id and number. */
  async rows(): Promise<string[]> {
    const rows = await this.standIn.query('SELECT "ID", "N" FROM DB.S.T ORDER BY 1, 2');
    return rows.map(({ ID, N }) => `${ID} ${N}`);
  }

  /** Ends the sessions and forgets everything. */
  async end(): Promise<void> {
    await Promise.all(this.#connections.splice(0).map(close));
    await this.standIn.reset();
  }
}

/** A statement without waiting for it. */
export function begin(connection: Connection, sqlText: string): { statement: RowStatement; answer: Promise<unknown> } {
  let statement: RowStatement | undefined;
  const answer = new Promise((resolve, reject) => {
    const complete = (error: unknown) => (error ? reject(error) : resolve(undefined));
    statement = connection.execute({ sqlText, complete }) as RowStatement;
  });
  return { statement: statement as unknown as RowStatement, answer };
}
