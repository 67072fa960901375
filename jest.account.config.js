import { base } from './jest.config.js';

/** The behaviours of a store, on a real Snowflake account: `npm run test:snowflake`. See CONTRIBUTING.md. */
export default {
  ...base,
  testTimeout: 300_000,
  testMatch: ['<rootDir>/integration_tests/account/**/*.account.ts'],
};
