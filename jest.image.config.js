import { base } from './jest.config.js';

/** The images that scripts/build-image.sh made with buildah: `npm run test:image`, as root. */
export default {
  ...base,
  displayName: 'image',
  maxWorkers: 1,
  testTimeout: 300_000,
  testMatch: ['<rootDir>/integration_tests/image/*.image.ts'],
  globalSetup: '<rootDir>/integration_tests/image/setup.mjs',
};
