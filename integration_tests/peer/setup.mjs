// Makes the Python environment of source-hubspot: 360 MB, so only where it is used. It is kept between runs.
import { makeEnvironment } from '../support/setup.mjs';

export default async function setup() {
  // source-hubspot 5.7.0 installs on no later one.
  await makeEnvironment('.venv-peer', 'integration_tests/peer/requirements.txt', 11);
}
