// `verify` of a long table at HubSpot's limits: how many searches it takes to find what differs, and how long. A million contacts
// (`--records` says how many), 25 of which differ in all ways that counting can show; the table is synced first.
import { setTimeout as sleep } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { LATENCY_MS, LIMITS } from '../kit/limits.mjs';
import { measure, newPath, writeJson } from '../kit/measure.mjs';
import { startSandbox } from '../kit/sandbox.mjs';

const CONTACTS = 1_000_000;
const DAY = 86_400_000;
/** What a verification may take of searches. */
const MOST_SEARCHES = 400;

async function open({ records = CONTACTS }) {
  const sandbox = await startSandbox(['--no-limits', '--contacts', `${records}`]);
  const path = newPath('verify.duckdb');
  const source = {
    credentials: { access_token: sandbox.token },
    objects: [{ object_type: 'contacts', properties: ['firstname'], associations: [] }],
    layout: 'columns',
    burst_share: 1,
  };
  const config = writeJson('pipeline.json', { name: 'bench', source, destination: { type: 'duckdb', path } });
  await measure('dist/main.js', ['sync', '--config', config], { env: sandbox.env });
  await drift(sandbox, path);
  return {
    own: async () => {
      await sleep(LIMITS.burstMs);
      await sandbox.admin('limits', LIMITS);
      await sandbox.admin('latency', { ms: LATENCY_MS });
      const cost = await sandbox.counting(() =>
        measure('dist/main.js', ['verify', '--repair', '--json', '--config', config], {
          env: sandbox.env,
          count: textOf,
        }),
      );
      const { text, ...measured } = cost;
      const [{ missing, stale, ghosts, mended }] = JSON.parse(text).streams;
      const { search } = cost.callsByKind;
      process.stderr.write(
        `missing ${missing}, stale ${stale}, ghosts ${ghosts}, mended ${mended}; ${search} searches\n`,
      );
      if (missing + stale + ghosts !== 25 || mended !== 25) throw new Error('not all differences were found');
      if (search > MOST_SEARCHES) throw new Error(`${search} searches, where ${MOST_SEARCHES} were to do`);
      return measured;
    },
    close: sandbox.close,
  };
}

/** All that a stream gives, once it has ended. */
function textOf(stream) {
  const found = { text: '' };
  stream.on('data', (chunk) => {
    found.text += chunk;
  });
  return found;
}

/** Ten rows are deleted, five set back, and three made up; four records are erased, and three edited long ago. */
async function drift(sandbox, path) {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  const rows = (
    await connection.runAndReadAll('SELECT id FROM contacts USING SAMPLE 22 ROWS (reservoir, 7)')
  ).getRows();
  const ids = rows.map(([id]) => String(id));
  const list = (some) => some.map((id) => `'${id}'`).join(', ');
  const at = new Date(Date.now() - 200 * DAY).toISOString();
  await connection.run(`DELETE FROM contacts WHERE id IN (${list(ids.slice(0, 10))})`);
  await connection.run(
    `UPDATE contacts SET updated_at = updated_at - INTERVAL 400 DAY WHERE id IN (${list(ids.slice(10, 15))})`,
  );
  for (let i = 1; i <= 3; i += 1) {
    await connection.run(
      `INSERT INTO contacts (id, updated_at, archived, _airbyte_raw_id) VALUES ('${9_000_000_000 + i}', '${at}', false, 'made up')`,
    );
  }
  connection.closeSync();
  instance.closeSync();
  await sandbox.admin('erase', { objectType: 'contacts', ids: ids.slice(15, 19) });
  for (const [i, id] of ids.slice(19, 22).entries()) {
    const time = Date.now() - (30 + i) * DAY;
    await sandbox.admin('edit', { objectType: 'contacts', ids: [id], properties: { firstname: 'Long ago' }, at: time });
  }
}

export const cases = [{ name: 'verify: a million contacts', runs: 1, open }];
