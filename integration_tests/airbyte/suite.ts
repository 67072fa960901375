import { chmodSync, copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import type { Sandbox } from '../../src/sandbox/server.js';
import type { TestFolder } from '../support/processes/command.js';
import { program, root, runPython } from './tools.js';

/** How many tests of a pytest run ended how: `{ passed: 20, skipped: 3 }`. */
export type Ended = Record<string, number>;

/**
 * Runs airbyte-cdk's standard tests and those of metadata.yaml. Throws what pytest printed where one failed.
 *
 * @param container a container of buildah to run the tests of an image in; without one, the built program takes its place
 * @param only the tests to run, as pytest's -k
 */
export async function runSuite(
  sandbox: Sandbox,
  folder: TestFolder,
  { container, only }: { container?: string; only?: string } = {},
): Promise<Ended> {
  const connector = folder.join('source-hubspot');
  mkdirSync(`${connector}/secrets`, { recursive: true });
  copyFileSync(`${root}metadata.yaml`, `${connector}/metadata.yaml`);
  copyFileSync(
    `${root}integration_tests/airbyte/acceptance-test-config.yml`,
    `${connector}/acceptance-test-config.yml`,
  );
  const credentials = { credentials_title: 'Private App Credentials', access_token: sandbox.token };
  const association_streams = [{ from_object: 'contacts', to_object: 'companies' }];
  folder.write('source-hubspot/secrets/config.json', { credentials, association_streams });
  folder.write('source-hubspot/secrets/columns.json', { credentials, layout: 'columns', deletes: 'cdc' });
  folder.write('source-hubspot/secrets/wrong-token.json', {
    credentials: { ...credentials, access_token: 'pat-na1-wrong-0123456789' },
  });
  mkdirSync(folder.join('bin'), { recursive: true });
  const docker = folder.write(
    'bin/docker',
    `#!/bin/sh\nexec '${process.execPath}' '${root}integration_tests/airbyte/docker.mjs' "$@"\n`,
  );
  chmodSync(docker, 0o755);
  const options = ['-p', 'no:cacheprovider', '-q', '-rfEs', '--connector-image', 'hubflake/source-hubspot:dev'];
  const failures = folder.write('docker-failures.txt', '');
  const printed = await runPython({
    args: [
      ...['-m', 'pytest', `${root}integration_tests/airbyte/suite`, ...options],
      ...['--read-from-streams', 'all', '--read-scenarios', 'config,columns', ...(only ? ['-k', only] : [])],
    ],
    environment: {
      HUBSPOT_BASE_URL: sandbox.url,
      HUBFLAKE_CONNECTOR: connector,
      HUBFLAKE_FAILURES: failures,
      HUBFLAKE_PROGRAM: program(folder, 'hubflake'),
      PATH: [folder.join('bin'), process.env.PATH].join(delimiter),
      PYTHONDONTWRITEBYTECODE: '1',
      // pytest shortens why a test failed to the width of the terminal.
      COLUMNS: '4000',
      ...(container ? { HUBFLAKE_CONTAINER: container } : {}),
    },
    cwd: folder.path,
  }).catch((error: Error) => {
    throw new Error(`${error.message}\n${readFileSync(failures, 'utf8')}`);
  });
  const summary = printed.trimEnd().split('\n').at(-1) ?? '';
  return Object.fromEntries([...summary.matchAll(/(\d+) ([a-z]+)/g)].map(([, count, how]) => [how, Number(count)]));
}
