import { base } from './jest.config.js';

/** The behaviours of a store, and the first hour, on a real Snowflake account: `npm run test:snowflake`. See CONTRIBUTING.md. */
export default {
  ...base,
  // One thing after the other: the first hour looks at what the warehouse does.
  maxWorkers: 1,
  testTimeout: 300_000,
  testEnvironment: '<rootDir>/integration_tests/support/account/environment.mjs',
  testMatch: ['<rootDir>/integration_tests/account/*.account.ts'],
};
