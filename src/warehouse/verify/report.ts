/** The table in which verifications leave what they found, a row for each stream. */
export const VERIFICATIONS = '_HUBFLAKE_VERIFICATIONS';

/** What a verification has found of a stream. */
export interface Verification {
  pipeline: string;
  stream: string;
  table: string;
  /** ISO instants. */
  startedAt: string;
  finishedAt: string;
  isDeep: boolean;
  /** Records in HubSpot, as far as they belong to the stream. */
  portal: number;
  /** Live rows. */
  rows: number;
  missing: number;
  stale: number;
  ghosts: number;
  /** Differences of what changed lately, which the next sync brings. */
  pending: number;
  mended: number;
  /** Calls to HubSpot. */
  calls: number;
  /** Whether every record was looked at; otherwise most were only counted. */
  isProved: boolean;
  notes: string;
}

type Kind = 'text' | 'number' | 'instant' | 'boolean';

const COLUMNS: readonly [name: string, kind: Kind, value: (row: Verification) => string | number | boolean][] = [
  ['PIPELINE', 'text', (row) => row.pipeline],
  ['STREAM', 'text', (row) => row.stream],
  ['TABLE_NAME', 'text', (row) => row.table],
  ['STARTED_AT', 'instant', (row) => row.startedAt],
  ['FINISHED_AT', 'instant', (row) => row.finishedAt],
  ['IS_DEEP', 'boolean', (row) => row.isDeep],
  ['PORTAL_RECORDS', 'number', (row) => row.portal],
  ['TABLE_ROWS', 'number', (row) => row.rows],
  ['MISSING', 'number', (row) => row.missing],
  ['STALE', 'number', (row) => row.stale],
  ['GHOSTS', 'number', (row) => row.ghosts],
  ['PENDING', 'number', (row) => row.pending],
  ['MENDED', 'number', (row) => row.mended],
  ['CALLS', 'number', (row) => row.calls],
  ['IS_PROVED', 'boolean', (row) => row.isProved],
  ['NOTES', 'text', (row) => row.notes],
];

/** How a warehouse writes it. */
interface ReportDialect {
  types: Readonly<Record<Kind, string>>;
  /** A text as SQL has it. */
  literal(text: string): string;
}

/** The statements that add to the table of verifications, which the first ones make. @param table its full name */
export function reportStatements(
  table: string,
  rows: readonly Verification[],
  { types, literal }: ReportDialect,
): string[] {
  const columns = COLUMNS.map(([name, kind]) => `"${name}" ${types[kind]}`);
  const values = rows.map((row) => {
    const each = COLUMNS.map(([, kind, value]) => {
      const given = value(row);
      if (kind === 'instant') return `CAST(${literal(String(given))} AS ${types.instant})`;
      return kind === 'text' ? literal(String(given)) : String(given);
    });
    return `(${each.join(', ')})`;
  });
  const names = COLUMNS.map(([name]) => `"${name}"`).join(', ');
  return [
    `CREATE TABLE IF NOT EXISTS ${table} (${columns.join(', ')})`,
    `INSERT INTO ${table} (${names}) VALUES ${values.join(', ')}`,
  ];
}
