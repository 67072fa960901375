import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { isObject, memberOf } from '../../json.js';
import { parseDestinationConfig } from '../destination.js';
import { normaliseSnowflake, WITHOUT_EFFECT } from '../snowflake/snowflake.js';
import { nearest } from '../suggest.js';
import { attempt, type Finding, inside, ofMistake } from './finding.js';
import { checkSchema } from './schema-check.js';

const TYPES = ['snowflake', 'duckdb'];
/** A configuration that is sound, whichever option of another one is put into it. */
const SOUND = {
  ...{ host: 'any.snowflakecomputing.com', database: 'ANY', schema: 'ANY', username: 'ANY' },
  credentials: { auth_type: 'External Browser' },
};

/** Every mistake in a destination configuration, found as those of a source are. @param part where in the file it is */
export function checkDestination(part: string, given: unknown): Finding[] {
  const type = memberOf(given, 'type') ?? 'snowflake';
  if (type === 'duckdb') {
    const { findings, rest } = checkSchema('destination-duckdb', part, given, given);
    return [...findings, ...folderOf(part, rest)];
  }
  if (type !== 'snowflake') {
    const meant = nearest(String(type), TYPES);
    const expected = 'should be "snowflake" or "duckdb"';
    return [ofMistake(part, { path: 'type', expected, found: JSON.stringify(type), nearest: meant })];
  }
  const document = structuredClone(given);
  // An unknown connection, or one that lacks something, would hide all else: it is tried first.
  let account: string | null = null;
  const connected = isObject(document)
    ? attempt(inside(part, 'connection'), {}, () => {
        account = normaliseSnowflake(document);
      })
    : null;
  const { findings, rest } = checkSchema('destination', part, given, document, WITHOUT_EFFECT);
  const { connection: _, credentials, username, host, ...others } = rest;
  const parts = [
    ...Object.entries(others).map(([key, value]) => ({ [key]: value })),
    // A host may have any name where the connection tells the account.
    ...(host === undefined || account !== null ? [] : [{ host }]),
    ...(credentials === undefined ? [] : [{ credentials, username }]),
  ];
  const attempts = parts.map((options) =>
    attempt(part, { ...SOUND, ...options }, () => parseDestinationConfig({ ...SOUND, ...options })),
  );
  // Where the connection cannot be used, options are missing only because of that.
  const own = connected === null ? findings : findings.filter(({ expected }) => expected !== 'should be there');
  return [connected, ...own, ...attempts].filter((finding) => finding !== null);
}

/** The folder of a DuckDB file has to be there. */
function folderOf(part: string, { path }: Record<string, unknown>): Finding[] {
  if (typeof path !== 'string' || existsSync(dirname(path))) return [];
  const at = inside(part, 'path');
  return [
    {
      path: at,
      message: `${at}: the folder ${dirname(path)} does not exist. Create it, or change the path.`,
      expected: 'should be in a folder that exists',
      found: JSON.stringify(path),
      nearest: null,
    },
  ];
}
