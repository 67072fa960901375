// The environments that the images' tests use: Airbyte's models, which judge every message, and Airbyte's own tools.
import { makeEnvironment } from '../support/setup.mjs';

export default function setup() {
  makeEnvironment('.venv', 'integration_tests/python/requirements.txt');
  makeEnvironment('.venv-airbyte', 'integration_tests/airbyte/requirements.txt');
}
