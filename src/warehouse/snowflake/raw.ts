import { commentWithField } from '../names.js';
import { ID, PAYLOAD } from '../raw-form.js';
import { hasTombstones, type Target } from '../target.js';
import { keyRange, keysMatch } from './keys.js';
import { notOlder } from './order.js';
import { identifier, literal } from './quote.js';
import { type Batch, instant, lines, METADATA, member, metadata, newestLines } from './rows.js';
import { castExpression, newType } from './types.js';

/** The statements of the raw form: a table of ID and PAYLOAD, and its view. */

const COLUMNS = [...METADATA.map(({ name }) => name), ID.name, PAYLOAD.name];
const VALUES = [...METADATA.map(({ alias }) => alias), 'K0', 'PAYLOAD'];

const ROW_KEY = `t.${identifier(ID.name)}`;

/** Every record as a row. */
export function insertAllRaw(batch: Batch, table: string): string {
  const rows = `SELECT ${metadata(batch)}, ${keyText(batch.target)} AS K0, D AS PAYLOAD FROM (${lines(batch)})`;
  return `INSERT INTO ${table} (${COLUMNS.map(identifier).join(', ')}) SELECT ${VALUES.join(', ')} FROM (${rows})`;
}

/**
 * One MERGE for the whole batch, by the order of versions of the typed form. A tombstone changes those members of the payload
 * that it carries: the payload it is laid over is the table's, or that of a newer live version in the batch.
 */
export function mergeRaw(batch: Batch, table: string): string {
  const { target } = batch;
  const newest = newestLines(batch, [keyText(target)]);
  const tombstones = hasTombstones(target);
  const source = tombstones
    ? `${overlaid(batch, newest, table)} SELECT ${metadata(batch)}, K0, VERSION, TOMB, DELETED, LIVE, IFF(TOMB, o.OVERLAID, D) AS PAYLOAD ` +
      'FROM newest n LEFT JOIN overlaid o ON n.N = o.ON_LINE'
    : `SELECT ${metadata(batch)}, K0, VERSION, D AS PAYLOAD FROM (${newest})`;
  const newer = notOlder(target, 's.VERSION', 's.HF_AT', rowVersion(target));
  const deletes = target.hardDeletes && target.deletedAt !== null;
  const set = COLUMNS.map((name, i) => `${identifier(name)} = s.${VALUES[i]}`).join(', ');
  const inserts = tombstones ? ` AND s.LIVE${deletes ? ' AND NOT s.DELETED' : ''}` : '';
  return [
    `MERGE INTO ${table} t USING (${source}) s ON ${keysMatch(batch, [[ROW_KEY, 's.K0']])}${keyRange(batch, ROW_KEY)}`,
    ...(deletes ? [`WHEN MATCHED AND s.DELETED AND ${newer} THEN DELETE`] : []),
    `WHEN MATCHED AND ${newer} THEN UPDATE SET ${set}`,
    `WHEN NOT MATCHED${inserts} THEN INSERT (${COLUMNS.map(identifier).join(', ')}) VALUES (${VALUES.map((name) => `s.${name}`).join(', ')})`,
  ].join('\n');
}

/** Two queries with names: `newest`, and `overlaid` with the payload (OVERLAID) that each tombstone (ON_LINE) leads to. */
function overlaid(batch: Batch, newest: string, table: string): string {
  const { target } = batch;
  const live = notOlder(target, 'n.LIVE_VERSION', instant('n.LIVE_T'), rowVersion(target)).replaceAll(
    's.HF_GENERATION',
    batch.generation,
  );
  const marked =
    `SELECT n.N, n.D, IFF(n.LIVE AND (t.${identifier(METADATA[0]?.name as string)} IS NULL OR ${live}), n.LIVE_D, t.${identifier(PAYLOAD.name)}) AS BASE ` +
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
function rowVersion({ cursor }: Target): string | undefined {
  if (cursor === null) return undefined;
  return castExpression(newType(cursor.type), `${member(`t.${identifier(PAYLOAD.name)}`, cursor.field)}::VARCHAR`);
}

/** A record's key as one text: of several fields, the JSON array of their values. */
export function keyText({ key }: Target): string {
  if (key.length === 0) return 'NULL';
  if (key.length === 1) return `${member('D', key[0]?.field as string)}::VARCHAR`;
  const parts = key.map(({ field }) => `COALESCE(TO_JSON(${member('D', field)}), 'null')`);
  return `'[' || ${parts.join(" || ',' || ")} || ']'`;
}

/** The view with the columns that the typed form would have. Grants on the one it replaces stay. */
export function createView(view: string, target: Target, table: string): string {
  const payload = identifier(PAYLOAD.name);
  const columns = [
    ...METADATA.map(({ name }) => ({ head: identifier(name), value: identifier(name) })),
    ...target.columns.map(({ field, name, type, comment }) => {
      const sqlType = newType(type);
      const isText = !['json', 'array', 'object'].includes(type);
      const found = isText ? `${member(payload, field)}::VARCHAR` : member(payload, field);
      return {
        head: `${identifier(name)} COMMENT ${literal(commentWithField(comment, field))}`,
        value: castExpression(sqlType, found),
      };
    }),
  ];
  const heads = columns.map(({ head }) => head).join(', ');
  return `CREATE OR REPLACE VIEW ${view} (${heads}) COPY GRANTS AS SELECT ${columns.map(({ value }) => value).join(', ')} FROM ${table}`;
}

export function dropView(view: string): string {
  return `DROP VIEW IF EXISTS ${view}`;
}
