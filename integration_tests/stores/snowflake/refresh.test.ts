import { type Sandbox, startSandbox } from '../../../src/sandbox/server.js';
import { TestFolder } from '../../support/processes/command.js';
import { StandInWarehouse } from '../../support/stand-in/snowflake-warehouse.js';
import { TOKEN } from '../crashes.js';
import { refreshBehaviours } from '../refreshes.js';

const warehouse = new StandInWarehouse();
let folder: TestFolder;
let sandbox: Sandbox;

beforeEach(async () => {
  await warehouse.begin();
  folder = new TestFolder();
  sandbox = await startSandbox({ token: TOKEN, counts: { contacts: 250 }, limits: 'off' });
});
afterEach(async () => {
  folder.remove();
  await sandbox.close();
});
afterAll(() => warehouse.end());

refreshBehaviours({
  world: () => ({
    sandbox,
    folder,
    destination: warehouse.destination(),
    ids: async () => (await warehouse.rows('contacts', { id: 'text' })).map(({ id }) => String(id)).sort(),
    tables: async () => (await warehouse.tables()).map((name) => name.toLowerCase()),
  }),
  points: { append_dedup: ['after-spool', 'before-state#2', 'after-swap'], append: ['before-rows', 'after-commit'] },
  swapped: ['after-swap'],
});
