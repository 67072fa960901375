// Makes the Python environment of Airbyte's own tools: 780 MB, so only where they are used. It is kept between runs.
import { makeEnvironment } from '../support/setup.mjs';

export default async function setup() {
  await makeEnvironment('.venv-airbyte', 'integration_tests/airbyte/requirements.txt');
}
