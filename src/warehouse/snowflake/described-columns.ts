import { WarehouseConfigError } from '../../errors.js';
import { log } from '../../log.js';
import { fieldOfComment } from '../names.js';
import type { ColumnMapping, ExistingColumn } from '../tables/column-mapping.js';
import { PAYLOAD } from '../tables/raw-form.js';
import { refuseRequired } from '../tables/table-plan.js';
import type { StatementRunner } from './session/statement-runner.js';
import { identifier, SNOWFLAKE_NAMES } from './sql/quote.js';
import { METADATA } from './sql/rows.js';
import { describeTable } from './sql/tables.js';
import { existingType, type SqlType } from './sql/types.js';

/** A column as DESCRIBE shows it. */
export interface DescribedColumn extends ExistingColumn {
  /** null: a type that no value of ours has, which `described` names. */
  sqlType: SqlType | null;
  described: string;
  /** Whether a row needs a value of it: it may not be NULL, and has no default. */
  isRequired: boolean;
  /** The masking policy that is set on it. */
  policy: string | null;
}

/**
 * The columns of a table or view; none where there is no such.
 *
 * @param fieldOf says whose a column is, by its name and comment
 */
export async function describeColumns(
  steps: StatementRunner,
  name: string,
  fieldOf = (_name: string, comment: string | null) => fieldOfComment(comment),
): Promise<DescribedColumn[]> {
  const rows = (await steps.runIfThere(describeTable(name))) ?? [];
  return rows.map((row) => {
    const sqlType = existingType(String(row.type));
    const policy = row['policy name'];
    return {
      name: String(row.name),
      field: fieldOf(String(row.name), typeof row.comment === 'string' ? row.comment : null),
      type: sqlType?.kind ?? null,
      sqlType,
      described: String(row.type),
      isRequired: row['null?'] === 'N' && row.default === null,
      policy: typeof policy === 'string' && policy !== '' ? policy : null,
    };
  });
}

/** A table whose columns are looked at before it is written to. */
interface Examined {
  table: string;
  /** The same in full, as SQL has it. */
  fullName: string;
  mapping: ColumnMapping;
  isRaw: boolean;
}

/** Throws a WarehouseConfigError where a table cannot be written to. */
export function refuseUnusable(examined: Examined, found: readonly DescribedColumn[]): void {
  refuseForeign(examined, found);
  refuseMasked(examined, found);
}

function refuseForeign({ table, fullName, mapping }: Examined, found: readonly DescribedColumn[]): void {
  const names = new Set(found.map(({ name }) => name));
  const lacking = METADATA.find(({ name }) => !names.has(name));
  if (lacking) {
    throw new WarehouseConfigError(
      `There is already a table or view ${table} that hubflake did not make: it has no column ${lacking.name}. Rename it, or set "name" of the object or table_name.`,
    );
  }
  const cleared = new Set(mapping.cleared.map(({ name }) => name));
  const unwritable = found.find(({ name, sqlType }) => sqlType === null && cleared.has(name));
  if (unwritable) {
    throw new WarehouseConfigError(
      `The column ${unwritable.name} of the table ${table} has the type ${unwritable.described}, which no value of HubSpot's fits. Rename or drop the column.`,
    );
  }
  const dropNotNull = (name: string) => `ALTER TABLE ${fullName} ALTER COLUMN "${name}" DROP NOT NULL`;
  refuseRequired(table, found, mapping, SNOWFLAKE_NAMES, dropNotNull);
}

/**
 * A policy may show the loader other values than a column has, whatever the statement
 * (https://docs.snowflake.com/en/user-guide/security-column-intro): rows could not be found by their keys, nor versions told apart.
 */
function refuseMasked({ table, fullName, mapping, isRaw }: Examined, found: readonly DescribedColumn[]): void {
  const masked = found.filter(({ policy }) => policy !== null);
  const { key, cursor } = mapping;
  const read = new Set<string>([...METADATA, ...key, ...(cursor ? [cursor] : [])].map(({ name }) => name));
  // In the raw form versions are in the payload, and tombstones are laid over it.
  if (isRaw) read.add(PAYLOAD.name);
  for (const { name, policy } of masked) {
    if (!read.has(name)) continue;
    throw new WarehouseConfigError(
      `The column ${name} of the table ${table} has the masking policy ${policy}, but hubflake finds rows and their versions by it. ` +
        `Run: ALTER TABLE ${fullName} MODIFY COLUMN ${identifier(name)} UNSET MASKING POLICY`,
    );
  }
  if (masked.length === 0) return;
  log.info(
    `${table}: masking policies are on ${masked.map(({ name }) => name).join(', ')}; hubflake writes these columns, but does not read them.`,
  );
}
