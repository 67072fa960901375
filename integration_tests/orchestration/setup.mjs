// Makes the Python environments of the orchestrators: 860 MB, so only where they are used. They are kept between runs.
import { makeEnvironment } from '../support/setup.mjs';

export default async function setup() {
  for (const name of ['dagster', 'prefect', 'airflow']) {
    await makeEnvironment(`.venv-${name}`, `integration_tests/orchestration/requirements/${name}.txt`);
  }
}
