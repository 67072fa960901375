import type { ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { hubflake, TestFolder } from '../support/processes/command.js';
import { at, type Manifest, render } from './rendered.js';

let sandbox: Sandbox;
let folder: TestFolder;

beforeAll(async () => {
  sandbox = await startSandbox({ counts: { contacts: 20 } });
  folder = new TestFolder();
});

afterAll(async () => {
  folder.remove();
  await sandbox.close();
});

const container = (deployment: Manifest | undefined, member: string) =>
  at(deployment, `spec.template.spec.containers.0.${member}`);

test("a service's arguments, pipeline and Secret are what hubflake runs with, and its probe's path is answered", async () => {
  const pipeline = {
    source: {
      credentials: { credentials_title: 'Private App Credentials', access_token: `\${HUBSPOT_TOKEN}` },
      objects: [{ object_type: 'contacts' }],
    },
    destination: { type: 'duckdb', path: folder.join('hubspot.duckdb') },
  };
  const secret = { create: { HUBSPOT_TOKEN: sandbox.token } };
  const objects = await render(folder, { portals: { crm: { every: '10s', pipeline, secret } } });
  const config = folder.write('pipeline.json', objects.get('ConfigMap hubflake-crm')?.data?.['pipeline.json']);
  const deployment = objects.get('Deployment hubflake-crm');
  // Where it lies here, and on the loopback interface only.
  const elsewhere: Record<string, string> = { '/pipeline/pipeline.json': config, '0.0.0.0:8080': '127.0.0.1:0' };
  const args = (container(deployment, 'args') as string[]).map((arg) => elsewhere[arg] ?? arg);
  expect(args).toEqual(expect.arrayContaining(Object.values(elsewhere)));

  const environment = { HUBSPOT_BASE_URL: sandbox.url, ...objects.get('Secret hubflake-crm')?.stringData };
  const { child, ended } = start(args, environment);
  try {
    const url = await Promise.race([address(child), ended.then(({ stderr }) => Promise.reject(new Error(stderr)))]);
    const path = container(deployment, 'readinessProbe.httpGet.path');
    while ((await fetch(`${url}${path}`)).status !== 200) await pause(100);
    expect((await fetch(`${url}/metrics`)).status).toBe(200);
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
});

function start(args: readonly string[], environment: Record<string, string>) {
  const children: ChildProcess[] = [];
  const ended = hubflake(args, { environment, during: (started) => children.push(started) });
  return { child: children[0] as ChildProcess, ended };
}

/** Where a service says that it listens. */
function address(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      text += chunk;
      const [found] = /http:\/\/127\.0\.0\.1:\d+(?=\/)/.exec(text) ?? [];
      if (found) resolve(found);
    });
  });
}
