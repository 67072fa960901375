import { base } from './jest.config.js';

/** Airbyte's own clients and judges on the built connector: `npm run test:airbyte`. */
export default {
  ...base,
  displayName: 'airbyte',
  maxWorkers: 1,
  testTimeout: 300_000,
  testMatch: ['<rootDir>/integration_tests/airbyte/*.airbyte.ts'],
  globalSetup: '<rootDir>/integration_tests/airbyte/setup.mjs',
};
