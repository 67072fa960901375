import { type Sandbox, startSandbox } from '../../../src/sandbox/server.js';
import { query, tables } from '../../support/duckdb.js';
import { TestFolder } from '../../support/processes/command.js';
import { crashBehaviours, TOKEN } from '../crashes.js';

let folder: TestFolder;
let sandbox: Sandbox;

beforeEach(async () => {
  folder = new TestFolder();
  sandbox = await startSandbox({ token: TOKEN, counts: { contacts: 450 }, limits: 'off' });
});
afterEach(async () => {
  folder.remove();
  await sandbox.close();
});

crashBehaviours({
  world: () => ({
    sandbox,
    folder,
    destination: { type: 'duckdb', path: folder.join('w.duckdb') },
    ids: async () =>
      (await query(folder.join('w.duckdb'), 'SELECT id FROM contacts ORDER BY 1')).map(({ id }) => String(id)),
    tables: async () =>
      (await tables(folder.join('w.duckdb'))).filter((name) => !/^_HUBFLAKE_(STATE|SYNCS)$/.test(name)),
  }),
  points: {
    append_dedup: ['after-spool', 'after-copy', 'after-write', 'before-commit', 'after-commit'],
    append: ['after-spool', 'after-copy', 'after-write', 'before-commit', 'after-commit'],
    overwrite: ['after-write', 'after-commit', 'after-swap'],
  },
});
