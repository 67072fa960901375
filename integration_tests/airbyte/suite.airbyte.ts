import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { TestFolder } from '../support/processes/command.js';
import { runSuite } from './suite.js';

let sandbox: Sandbox;
let folder: TestFolder;

beforeAll(async () => {
  sandbox = await startSandbox({ limits: { burst: 5000, searchPerSecond: 1000 } });
  folder = new TestFolder();
});

afterAll(async () => {
  folder.remove();
  await sandbox.close();
});

test("airbyte-cdk's standard tests pass, and metadata.yaml is one", async () => {
  const ended = await runSuite(sandbox, folder);
  // What is skipped are the commands that the configuration with a wrong token is not for.
  expect(ended).toMatchObject({ passed: 29, skipped: 7 });
  expect(ended).not.toHaveProperty('failed');
});
