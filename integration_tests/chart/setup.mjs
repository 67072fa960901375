// Finds Helm, or builds it from the Go module proxy, and makes the Python environment with the schemas of Kubernetes (150 MB).
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { makeEnvironment } from '../support/setup.mjs';

const VERSION = 'v4.3.1';
const folder = fileURLToPath(new URL(`../../.cache/helm-${VERSION}`, import.meta.url));

export default async function setup() {
  await makeEnvironment('.venv-chart', 'integration_tests/chart/requirements.txt');
  // For the suites.
  process.env.HUBFLAKE_HELM = findHelm();
}

/** The program: that of HUBFLAKE_HELM, one on the PATH, or one built here and kept, which takes some minutes. */
function findHelm() {
  for (const helm of [process.env.HUBFLAKE_HELM ?? 'helm', `${folder}/helm`]) {
    if (spawnSync(helm, ['version'], { stdio: 'ignore' }).status === 0) return helm;
  }
  const built = spawnSync('go', ['install', `helm.sh/helm/v4/cmd/helm@${VERSION}`], {
    env: { ...process.env, GOBIN: folder },
    stdio: 'inherit',
  });
  if (built.status === 0 && existsSync(`${folder}/helm`)) return `${folder}/helm`;
  throw new Error(
    'These tests need Helm, and found neither it nor a Go that builds it. Install Helm 4, or Go 1.26 or later, and run them again.',
  );
}
