import { quoted } from '../stand-in/snowflake-warehouse.js';
import type { Account } from './account.js';

/** What the profile of a statement says of how it read its tables. */
export interface Profile {
  /** Of all tables that were read, or of the one that was asked for. */
  partitionsScanned: number;
  partitionsTotal: number;
  /** The kinds of its operators, each once, in the order of the profile. */
  operators: string[];
  /** An operator that leaves out rows of one side of a join that the other has no match for, before they are read or sent on. */
  hasJoinFilter: boolean;
  /** How its joins are said to join. */
  joins: string[];
}

/** A statement has a profile when it has run in a warehouse, and the role has MONITOR or OPERATE on that. */
const RIGHT = 'MONITOR on the warehouse';

/**
 * The profile of a statement that is over.
 *
 * @param table counts the scans of this table only, by the end of its name
 * @returns a sentence in its place where there is none
 */
export async function profileOf(account: Account, queryId: string, table?: string): Promise<Profile | string> {
  if (account.isDryRun) return 'a stand-in has no profiles';
  try {
    // https://docs.snowflake.com/en/sql-reference/functions/get_query_operator_stats
    const rows = await account.query(
      `SELECT OPERATOR_TYPE, OPERATOR_STATISTICS, OPERATOR_ATTRIBUTES FROM TABLE(GET_QUERY_OPERATOR_STATS('${queryId}')) ORDER BY STEP_ID, OPERATOR_ID`,
    );
    const operators = rows.map((row) => ({
      type: String(row.OPERATOR_TYPE),
      statistics: (row.OPERATOR_STATISTICS ?? {}) as { pruning?: Record<string, number> },
      attributes: (row.OPERATOR_ATTRIBUTES ?? {}) as Record<string, unknown>,
    }));
    const scans = operators.filter(({ statistics, attributes }) => {
      const name = String(attributes.table_name ?? '').replaceAll('"', '');
      return statistics.pruning !== undefined && (table === undefined || name.endsWith(table));
    });
    const sum = (what: string) =>
      scans.reduce((total, { statistics }) => total + Number(statistics.pruning?.[what] ?? 0), 0);
    return {
      partitionsScanned: sum('partitions_scanned'),
      partitionsTotal: sum('partitions_total'),
      operators: [...new Set(operators.map(({ type }) => type))],
      hasJoinFilter: operators.some(({ type }) => type === 'JoinFilter'),
      joins: operators
        .filter(({ type }) => type.endsWith('Join'))
        .map(({ type, attributes }) => `${type} ${JSON.stringify(attributes)}`),
    };
  } catch (error) {
    return `no profile: ${(error as Error).message} (it takes ${RIGHT})`;
  }
}

/** What a table takes up, by its metadata. */
export async function tableSize(account: Account, schema: string, table: string): Promise<string> {
  const where = `IN SCHEMA ${quoted(account.database, schema)}`;
  const [row] = await account.query(`SHOW TABLES LIKE '${table}' ${where}`);
  return `${row?.rows ?? '?'} rows, ${(Number(row?.bytes ?? 0) / 1e6).toFixed(1)} MB`;
}
