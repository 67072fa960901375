// The environments that the images' tests use: Airbyte's models, which judge every message, and Airbyte's own tools.
import { makeEnvironment } from '../support/setup.mjs';

export default async function setup() {
  await makeEnvironment('.venv', 'integration_tests/python/requirements.txt');
  await makeEnvironment('.venv-airbyte', 'integration_tests/airbyte/requirements.txt');
}
