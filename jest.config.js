const base = {
  rootDir: import.meta.dirname,
  testEnvironment: '<rootDir>/scripts/jest-environment.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
};

/** One thing after the other, and patiently: others' programs, images and accounts take their time. */
const alone = { ...base, maxWorkers: 1, testTimeout: 300_000 };

/** By the name that `scripts/jest.mjs` was given. */
const SUITES = {
  /** Unit tests lie beside what they test; integration tests run the built binary against real servers. */
  own: {
    // One more than the cores that this is timed on: suites wait, too, for leases, pauses and processes.
    maxWorkers: 3,
    // Of each suite Node keeps the modules, and collects them as garbage again and again.
    workerIdleMemoryLimit: '700MB',
    // Only what hangs is ended: how long a test takes is a matter of the machine, and of how many random examples it has.
    testTimeout: (600_000 * Math.max(20, process.env.HUBFLAKE_SCHEDULES ?? 20)) / 20,
    testSequencer: '<rootDir>/scripts/jest-sequencer.mjs',
    projects: [
      { ...base, displayName: 'unit', testMatch: ['<rootDir>/src/**/*.test.ts'] },
      {
        ...base,
        displayName: 'integration',
        testMatch: ['<rootDir>/integration_tests/**/*.test.ts'],
        // What takes minutes has a script of its own: npm run test:long.
        testPathIgnorePatterns: [
          '/node_modules/',
          ...(process.env.HUBFLAKE_LONG ? [] : ['/integration_tests/reading/long\\.test']),
        ],
        globalSetup: '<rootDir>/integration_tests/support/setup.mjs',
        globalTeardown: '<rootDir>/integration_tests/support/teardown.mjs',
      },
    ],
  },
  /** Airbyte's own clients and judges on the built connector. */
  airbyte: {
    ...alone,
    displayName: 'airbyte',
    testMatch: ['<rootDir>/integration_tests/airbyte/*.airbyte.ts'],
    globalSetup: '<rootDir>/integration_tests/airbyte/setup.mjs',
  },
  /** Airbyte's source-hubspot on the same sandbox, as an oracle. */
  peer: {
    ...alone,
    displayName: 'peer',
    testMatch: ['<rootDir>/integration_tests/peer/*.peer.ts'],
    globalSetup: '<rootDir>/integration_tests/peer/setup.mjs',
  },
  /** The examples for orchestrators, run by these. */
  orchestration: {
    ...alone,
    displayName: 'orchestration',
    testMatch: ['<rootDir>/integration_tests/orchestration/*.orchestration.ts'],
    globalSetup: '<rootDir>/integration_tests/orchestration/setup.mjs',
  },
  /** The Helm chart, rendered by Helm and judged by the schemas of Kubernetes. */
  chart: {
    ...alone,
    displayName: 'chart',
    testMatch: ['<rootDir>/integration_tests/chart/*.chart.ts'],
    globalSetup: '<rootDir>/integration_tests/chart/setup.mjs',
  },
  /** The images that scripts/build-image.sh made with buildah, as root. */
  image: {
    ...alone,
    displayName: 'image',
    testMatch: ['<rootDir>/integration_tests/image/*.image.ts'],
    globalSetup: '<rootDir>/integration_tests/image/setup.mjs',
  },
  /** The report page in a real browser. */
  browser: {
    ...alone,
    displayName: 'browser',
    testMatch: ['<rootDir>/integration_tests/browser/*.browser.ts'],
    globalSetup: '<rootDir>/integration_tests/browser/setup.mjs',
  },
  /** The behaviours of a store, and the first hour, on a real Snowflake account; see CONTRIBUTING.md. */
  account: {
    ...alone,
    testEnvironment: '<rootDir>/integration_tests/support/account/environment.mjs',
    testMatch: ['<rootDir>/integration_tests/account/*.account.ts'],
  },
};

/** Some tests by themselves, for scripts/mutants.mjs: their paths with blanks. */
SUITES.some = {
  ...base,
  testMatch: (process.env.HUBFLAKE_TESTS ?? '').split(' ').map((path) => `<rootDir>/${path}`),
};

export default SUITES[process.env.HUBFLAKE_SUITE ?? 'own'];
