import { existsSync } from 'node:fs';
import { type Sandbox, startSandbox } from '../../../src/sandbox/server.js';
import { query, tables } from '../../support/duckdb.js';
import { TestFolder } from '../../support/processes/command.js';
import { TOKEN } from '../crashes.js';
import { refreshBehaviours } from '../refreshes.js';

let folder: TestFolder;
let sandbox: Sandbox;

beforeEach(async () => {
  folder = new TestFolder();
  sandbox = await startSandbox({ token: TOKEN, counts: { contacts: 250 }, limits: 'off' });
});
afterEach(async () => {
  folder.remove();
  await sandbox.close();
});

const file = () => folder.join('w.duckdb');

refreshBehaviours({
  world: () => ({
    sandbox,
    folder,
    destination: { type: 'duckdb', path: file() },
    ids: async () => (await query(file(), 'SELECT id FROM contacts ORDER BY 1')).map(({ id }) => String(id)),
    tables: async () =>
      existsSync(file()) ? (await tables(file())).filter((name) => !/^_HUBFLAKE_(STATE|SYNCS)$/.test(name)) : [],
  }),
  points: { append_dedup: ['after-spool', 'after-commit', 'after-swap'], append: ['after-write', 'after-commit'] },
});
