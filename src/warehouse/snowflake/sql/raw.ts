import type { Column } from '../../column.js';
import { type ColumnType, isSemiStructured } from '../../column-types.js';
import { commentWithField, fieldOfComment } from '../../names.js';
import { ID, PAYLOAD } from '../../tables/raw-form.js';
import { canDelete, hasTombstones, type RowRules } from '../../target.js';
import type { Batch } from './batch.js';
import { member } from './fields.js';
import { keyRange, keysMatch } from './keys.js';
import { lines } from './lines.js';
import { identifier, literal } from './quote.js';
import { instant, METADATA, metadata, newestLines } from './rows.js';
import { castExpression, newType } from './types.js';
import { notOlder, payloadDiffers } from './versions.js';

/** The statements of the raw form: a table of ID and PAYLOAD, and its view. */

const COLUMNS = [...METADATA.map(({ name }) => name), ID.name, PAYLOAD.name];
const VALUES = [...METADATA.map(({ alias }) => alias), 'K0', 'PAYLOAD'];

const [{ name: RAW_ID }] = METADATA;
const ROW_KEY = `t.${identifier(ID.name)}`;

/** Every record as a row. */
export function insertAllRaw(batch: Batch, table: string): string {
  const rows = `SELECT ${metadata(batch)}, ${keyText(batch.mapping)} AS K0, D AS PAYLOAD FROM (${lines(batch)})`;
  return `INSERT INTO ${table} (${COLUMNS.map(identifier).join(', ')}) SELECT ${VALUES.join(', ')} FROM (${rows})`;
}

/**
 * One MERGE for the whole batch, by the order of versions of the typed form. A tombstone changes those members of the payload
 * that it carries: the payload it is laid over is the table's, or that of a newer live version in the batch.
 */
export function mergeRaw(batch: Batch, table: string): string {
  const { mapping } = batch;
  const newest = newestLines(batch, [keyText(mapping)]);
  const tombstones = hasTombstones(mapping);
  const source = tombstones
    ? `${overlaid(batch, newest, table)} SELECT ${metadata(batch)}, K0, VERSION, TOMB, DELETED, LIVE, IFF(TOMB, o.OVERLAID, D) AS PAYLOAD ` +
      'FROM newest n LEFT JOIN overlaid o ON n.N = o.ON_LINE'
    : `SELECT ${metadata(batch)}, K0, VERSION, D AS PAYLOAD FROM (${newest})`;
  const newer = notOlder(mapping, 's.VERSION', 's.HF_AT', rowVersion(mapping));
  const deletes = canDelete(mapping);
  const set = COLUMNS.map((name, i) => `${identifier(name)} = s.${VALUES[i]}`).join(', ');
  const inserts = tombstones ? ` AND s.LIVE${deletes ? ' AND NOT s.DELETED' : ''}` : '';
  return [
    `MERGE INTO ${table} t USING (${source}) s ON ${keysMatch(batch, [[ROW_KEY, 's.K0']])}${keyRange(batch, ROW_KEY)}`,
    ...(deletes ? [`WHEN MATCHED AND s.DELETED AND ${newer} THEN DELETE`] : []),
    `WHEN MATCHED AND ${newer}${batch.contents.comparesRows ? ` AND ${payloadDiffers(mapping)}` : ''} THEN UPDATE SET ${set}`,
    `WHEN NOT MATCHED${inserts} THEN INSERT (${COLUMNS.map(identifier).join(', ')}) VALUES (${VALUES.map((name) => `s.${name}`).join(', ')})`,
  ].join('\n');
}

/** Two queries with names: `newest`, and `overlaid` with the payload (OVERLAID) that each tombstone (ON_LINE) leads to. */
function overlaid(batch: Batch, newest: string, table: string): string {
  const { mapping } = batch;
  const live = notOlder(mapping, 'n.LIVE_VERSION', instant('n.LIVE_T'), rowVersion(mapping)).replaceAll(
    's.HF_GENERATION',
    batch.generation,
  );
  const marked =
    `SELECT n.N, n.D, IFF(n.LIVE AND (t.${identifier(RAW_ID)} IS NULL OR ${live}), n.LIVE_D, t.${identifier(PAYLOAD.name)}) AS BASE ` +
    `FROM newest n LEFT JOIN ${table} t ON ${keysMatch(batch, [[ROW_KEY, 'n.K0']])} WHERE n.TOMB`;
  const members =
    'SELECT m.N, f.KEY AS K, f.VALUE AS X FROM marked m, LATERAL FLATTEN(INPUT => m.D) f UNION ALL ' +
    'SELECT m.N, f.KEY AS K, f.VALUE AS X FROM marked m, LATERAL FLATTEN(INPUT => m.BASE) f WHERE IS_NULL_VALUE(GET(m.D, f.KEY)) IS NULL';
  return (
    `WITH newest AS (${newest}), marked AS (${marked}), ` +
    `overlaid AS (SELECT N AS ON_LINE, OBJECT_AGG(K, X) AS OVERLAID FROM (${members}) GROUP BY N)`
  );
}

/** The cursor of a row, which only its payload has. */
function rowVersion({ cursor }: RowRules): string | undefined {
  return cursor === null ? undefined : rowValue(cursor);
}

/** What a row has for a column that only its payload has. */
export function rowValue({ field, type }: Column): string {
  return castExpression(newType(type), `${member(`t.${identifier(PAYLOAD.name)}`, field)}::VARCHAR`);
}

/** A record's key as one text: of several fields, the JSON array of their values. */
export function keyText({ key }: RowRules): string {
  const [first, ...others] = key;
  if (first === undefined) return 'NULL';
  if (others.length === 0) return `${member('D', first.field)}::VARCHAR`;
  const parts = key.map(({ field }) => `COALESCE(TO_JSON(${member('D', field)}), 'null')`);
  return `'[' || ${parts.join(" || ',' || ")} || ']'`;
}

/**
 * The view with the columns that the typed form would have. Grants on the one it replaces stay.
 *
 * Its text is kept short: Snowflake keeps no longer one than 95 KB (https://docs.snowflake.com/en/sql-reference/sql/create-view; newer
 * pages say 1 MB), and contacts have hundreds of columns. So there are no labels in it, values are named once, and a comment says whose a
 * column is only where its name does not, see {@link fieldOfViewColumn}.
 */
export function createView(view: string, columns: readonly Column[], table: string): string {
  const own = METADATA.map(({ name }) => identifier(name)).join(', ');
  const heads = columns.map(({ field, name }) => {
    const isPlain = fieldOfViewColumn(name, null) === field;
    return `, ${identifier(name)}${isPlain ? '' : ` COMMENT ${literal(commentWithField(null, field))}`}`;
  });
  const texts: string[] = [];
  const values = columns.map(({ field, type }, i) => {
    const found = member('P', field);
    if (isSemiStructured(type)) return `, ${castExpression(newType(type), found)}`;
    if (type === 'string') return `, ${found}::VARCHAR`;
    texts.push(`, ${found}::VARCHAR X${i}`);
    return `, ${viewedValue(type, `X${i}`)}`;
  });
  return (
    `CREATE OR REPLACE VIEW ${view} (${own}${heads.join('')}) COPY GRANTS AS SELECT ${own}${values.join('')} ` +
    `FROM (SELECT ${own}, P${texts.join('')} FROM (SELECT ${own}, ${identifier(PAYLOAD.name)} P FROM ${table}))`
  );
}

/** The field of a view's column: what its comment says, or else the name in small letters. */
export function fieldOfViewColumn(name: string, comment: string | null): string {
  return fieldOfComment(comment) ?? name.toLowerCase();
}

/** {@link castExpression} in fewer words: what is left out there guards against texts that HubSpot's values never are. */
function viewedValue(type: ColumnType, x: string): string {
  switch (type) {
    case 'decimal':
    case 'integer': {
      const { name, scale = 0 } = newType(type);
      return `TRY_CAST(IFF(${x} ILIKE '%e%', ${x}, LEFT(${x}, POSITION('.', ${x} || '.') + ${scale + 1})) AS ${name})`;
    }
    case 'float':
      return `IFF(${x} ILIKE '%n%', NULL, TRY_TO_DOUBLE(${x}))`;
    case 'boolean':
      return `TRY_CAST(${x} AS BOOLEAN)`;
    case 'date':
      return `IFF(${x} LIKE '____-__-__%', TRY_TO_DATE(LEFT(${x}, 10), 'YYYY-MM-DD'), NULL)`;
    case 'time':
      return `IFF(${x} LIKE '__:%', TRY_CAST(${x} AS TIME), NULL)`;
    default:
      return `IFF(${x} LIKE '____-__-__%', TRY_CAST(${x} AS ${newType(type).name}), NULL)`;
  }
}

export function dropView(view: string): string {
  return `DROP VIEW IF EXISTS ${view}`;
}
