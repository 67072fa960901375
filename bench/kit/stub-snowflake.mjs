// Plays Snowflake for a benchmark of the writer: it logs anybody in, takes files by the driver's own copy to a folder, and says
// of each statement what a warehouse would that has done it. It keeps and computes nothing: what is measured is the writer.
// node stub-snowflake.mjs [milliseconds that each COPY takes for a megabyte]; prints {"url"} when it listens.
import { createReadStream, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip, gunzipSync } from 'node:zlib';

const slowness = Number(process.argv[2] ?? 0);
let rowsTaken = 0;
const stages = mkdtempSync(join(tmpdir(), 'hubflake-bench-stage-'));
process.on('exit', () => rmSync(stages, { recursive: true, force: true }));
process.on('SIGTERM', () => process.exit());

const text = (name) => ({ name, type: 'text', length: 16777216, precision: null, scale: null, nullable: true });
const fixed = (name) => ({ name, type: 'fixed', length: null, precision: 38, scale: 0, nullable: true });

const table = (rowtype, rowset = []) => ({
  rowtype,
  rowset,
  total: rowset.length,
  returned: rowset.length,
  queryResultFormat: 'json',
  version: 1,
});
const done = () => table([text('status')], [['done']]);

/** Rows of a gzip file: its lines. */
async function linesOf(path) {
  let lines = 0;
  for await (const chunk of createReadStream(path).pipe(createGunzip())) {
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines += 1;
  }
  rowsTaken += lines;
  return lines;
}

/** Where the files of the stage are that a statement names, or of the one file in it. */
function staged(sql) {
  return join(stages, /@([^\s'()]+)/.exec(sql)[1].replace(/[^\w./-]/g, '_'));
}

function put(sql) {
  const location = staged(sql);
  mkdirSync(location, { recursive: true });
  return {
    command: 'UPLOAD',
    src_locations: [/file:\/\/([^\s']+)/.exec(sql)[1]],
    autoCompress: false,
    sourceCompression: 'gzip',
    parallel: 4,
    overwrite: true,
    encryptionMaterial: null,
    stageInfo: { locationType: 'LOCAL_FS', location, path: '', region: 'none', creds: {} },
  };
}

async function copy(sql) {
  const folder = staged(sql);
  const rows = [];
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    await sleep((slowness * statSync(path).size) / 1e6);
    rows.push([name, 'LOADED', String(await linesOf(path))]);
    rmSync(path);
  }
  return table([text('file'), text('status'), fixed('rows_loaded')], rows);
}

/** A MERGE, which hubflake does from a table, and others from the files themselves. */
async function merge(sql) {
  let rows = 0;
  if (sql.includes("'@")) {
    const path = staged(sql);
    const files = statSync(path).isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [path];
    for (const file of files) rows += await linesOf(file);
  }
  return table([fixed('number of rows inserted'), fixed('number of rows updated')], [[String(rows), '0']]);
}

/** What is asked for by name before anything is made: the place is there, nothing is in it. */
const FOUND = [
  [/^SELECT CURRENT_VERSION/, () => table([text('CURRENT_VERSION()')], [['9.30.0']])],
  [/^SELECT CURRENT_DATABASE/, () => table([text('DATABASE'), text('SCHEMA')], [['BENCH', 'BENCH']])],
  [/^SHOW (DATABASES|.*SCHEMAS)/, () => table([text('created_on'), text('name')], [['', 'BENCH']])],
  [/^SHOW FILE FORMATS/, () => table([text('name'), text('type')], [['CSV', 'CSV']])],
];

async function answer(sql) {
  const shape = sql.trim().toUpperCase();
  if (shape.startsWith('PUT ')) return put(sql);
  if (shape.startsWith('COPY ')) return copy(sql);
  // No run finds what another has made.
  if (/^DESC(RIBE)? /.test(shape)) {
    throw new Error('does not exist or not authorized');
  }
  if (/^(MERGE|INSERT)/.test(shape)) return merge(sql);
  const found = FOUND.find(([of]) => of.test(shape));
  if (found) return found[1]();
  if (/^(SELECT|SHOW)/.test(shape)) return table([text('NOTHING')]);
  return done();
}

async function route({ url, body }) {
  const { pathname } = new URL(url, 'http://stub');
  if (pathname === '/__stub/rows') return { rows: rowsTaken };
  if (pathname === '/session/v1/login-request') {
    const parameters = [
      { name: 'AUTOCOMMIT', value: true },
      { name: 'CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY', value: 3600 },
      { name: 'CLIENT_STAGE_ARRAY_BINDING_THRESHOLD', value: 65280 },
      { name: 'TIMEZONE', value: 'UTC' },
    ];
    const validity = { validityInSeconds: 3600, masterValidityInSeconds: 14400 };
    return {
      success: true,
      data: { token: 't', masterToken: 'm', sessionId: 1, parameters, sessionInfo: {}, ...validity },
    };
  }
  if (pathname === '/queries/v1/query-request') {
    const { sqlText } = JSON.parse(body);
    try {
      return { success: true, code: null, data: { queryId: '1', ...(await answer(sqlText)) } };
    } catch (error) {
      return {
        success: false,
        code: '002003',
        message: error.message,
        data: { errorCode: '002003', sqlState: '42S02' },
      };
    }
  }
  return { success: true, data: {} };
}

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
  const content = JSON.stringify(await route({ url: request.url, body: body.toString() }));
  response.writeHead(200, { 'content-type': 'application/json' }).end(content);
});
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` }));
});
