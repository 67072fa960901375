import type { DestinationConfig } from '../../src/config/destination.js';

/** How a value is to be read, so that it looks the same from every warehouse. */
export type ReadAs = 'text' | 'number' | 'instant' | 'boolean' | 'json';

export interface ConfigOptions {
  schema?: string;
  tableForm?: 'typed' | 'raw';
}

/** A warehouse under test, looked at past the store: what is really in its tables. */
export interface TestWarehouse {
  /** For the store under test. Each test begins with an empty warehouse. */
  config(options?: ConfigOptions): DestinationConfig;
  /** Begins anew. */
  begin(): Promise<void>;
  end(): Promise<void>;
  /** As many columns as it takes in the time of a test. */
  readonly wide: number;
  /** Whether a column of whole numbers can be made one of decimals, in place. */
  readonly widens: boolean;
  /** Whether a column can have a name. Only emulators have names that they cannot take. */
  canName(name: string): boolean;
  /** What a stream's or field's name becomes here. */
  name(given: string): string;
  /** The tables of the configured schema that are not the state table. */
  tables(): Promise<string[]>;
  /** Whether there is a table of states. */
  hasStates(): Promise<boolean>;
  /** All rows of a table, by the fields' names, in the order of the values. */
  rows<T extends Record<string, ReadAs>>(stream: string, fields: T): Promise<Record<keyof T, unknown>[]>;
  /** The names of a table's columns, in their order. */
  columns(stream: string): Promise<string[]>;
  /** The comment of a column. */
  comment(stream: string, field: string): Promise<string | null>;
  /** Does what another program would do to a stream's table. `{table}` in the statement is its name, `{columnName}` a column's. */
  execute(sql: string, stream: string): Promise<void>;
}

/** Rows in an order of their own, so that they can be compared. */
export function sorted<T>(rows: T[]): T[] {
  return [...rows].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** A value as every warehouse gives it. */
export function canonical(value: unknown, as: ReadAs): unknown {
  if (value === null || value === undefined) return null;
  switch (as) {
    case 'number':
      return Number(value);
    case 'instant':
      return new Date(value as string).toISOString();
    case 'json':
      return typeof value === 'string' ? JSON.parse(value) : value;
    default:
      return value;
  }
}
