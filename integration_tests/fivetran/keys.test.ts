import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { fivetranKey } from '../../src/streams/fivetran/keys.js';
import { configure, hubflake, ofType, TestFolder } from '../support/processes/command.js';

/** The keys by which `compare` finds rows are those of the streams. */

let sandbox: Sandbox;
let folder: TestFolder;
beforeEach(async () => {
  sandbox = await startSandbox({ counts: { '*': 1 }, limits: 'off' });
  folder = new TestFolder();
});
afterEach(async () => {
  folder.remove();
  await sandbox.close();
});

test('every table of the layout has the key of its stream, but for those whose key is a hash', async () => {
  const config = { credentials: { access_token: sandbox.token }, layout: 'fivetran', include: ['all', 'history'] };
  const environment = { HUBSPOT_BASE_URL: sandbox.url };
  const found = await hubflake(['discover', '--config', folder.write('c.json', config)], { environment });
  expect(ofType(found, 'CATALOG')).toHaveLength(1);
  const streams = configure(found).streams.map(({ stream, primary_key: key }) => {
    const columns = Object.keys((stream.json_schema as { properties: object }).properties);
    return { name: stream.name, key: key?.flat(), known: fivetranKey(stream.name, new Set(columns)) };
  });
  expect(streams.length).toBeGreaterThan(60);
  const hashed = streams.filter(({ key }) => key?.includes('_fivetran_id'));
  expect(hashed.map(({ name }) => name).sort()).toEqual(['email_subscription_change', 'submission_response']);
  expect(hashed.map(({ known }) => known)).toEqual([null, null]);
  for (const { name, key, known } of streams.filter((each) => !hashed.includes(each))) {
    expect([name, known?.toSorted()]).toEqual([name, key?.toSorted()]);
  }
});
