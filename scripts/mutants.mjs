// Changes one thing after another in the files where a fault costs most, and counts how many of these mutants no test notices:
// `npm run test:mutants`, by hand. With words behind it, only the files whose name has one of them. A score below the one that is
// recorded here is a failure.
import { Stryker } from '@stryker-mutator/core';

/** Each file with the tests that are about it, and the share of mutants that they have noticed (percent). */
const FILES = [
  // What a search shows and hides: a record that is not found here is lost.
  { file: 'src/hubspot/api/keyed-search.ts', tests: ['src/hubspot/api/keyed-search.test.ts'], score: 82 },
  // Which faults are retried, and which end a run.
  { file: 'src/hubspot/client/faults.ts', tests: ['src/hubspot/client/faults.test.ts'], score: 72 },
  // What is taken for emitted: an item that is taken for unchanged by mistake is stale for good.
  {
    file: 'src/streams/strategies/content-memory.ts',
    tests: ['src/streams/strategies/content-memory.test.ts'],
    score: 85,
  },
  // What a state holds of archived records.
  {
    file: 'src/streams/crm/run/archive-memory.ts',
    tests: ['src/streams/crm/run/archive-memory.test.ts'],
    score: 95,
  },
  // What a batch holds, and so which statement writes it.
  { file: 'src/warehouse/loader/batch-contents.ts', tests: ['src/warehouse/loader/batch-contents.test.ts'], score: 74 },
  // Which records a search asks for.
  {
    file: 'src/streams/crm/search/search-filters.ts',
    tests: ['src/streams/crm/search/search-filters.test.ts'],
    score: 86,
  },
  // Records that a search counts and does not show.
  { file: 'src/hubspot/api/hidden-hits.ts', tests: ['src/hubspot/api/keyed-search.test.ts'], score: 71 },
  // Batches that do not fit into memory.
  { file: 'src/warehouse/duckdb/parts.ts', tests: ['src/warehouse/duckdb/parts.test.ts'], score: 95 },
  { file: 'src/warehouse/duckdb/memory.ts', tests: ['src/warehouse/duckdb/memory.test.ts'], score: 97 },
];

const words = process.argv.slice(2);
const chosen = FILES.filter(({ file }) => words.length === 0 || words.some((word) => file.includes(word)));
let isLower = false;
for (const { file, tests, score } of chosen) {
  Object.assign(process.env, { HUBFLAKE_SUITE: 'some', HUBFLAKE_TESTS: tests.join(' ') });
  const results = await new Stryker({
    mutate: [file],
    testRunner: 'jest',
    coverageAnalysis: 'off',
    testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
    jest: { enableFindRelatedTests: false },
    ignorePatterns: ['.venv*', 'dist*', 'docs', 'deploy', 'bench'],
    concurrency: 2,
    reporters: ['clear-text'],
    clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
    // It would rewrite the project's with TypeScript's older API; the transform needs none.
    tsconfigFile: 'none.json',
    tempDirName: '.stryker-tmp',
    cleanTempDir: 'always',
    logLevel: 'warn',
  }).runMutationTest();
  const counted = results.filter(({ status }) => !['Ignored', 'CompileError'].includes(status));
  const noticed = counted.filter(({ status }) => status === 'Killed' || status === 'Timeout');
  const share = Math.floor((100 * noticed.length) / counted.length);
  console.log(`${share} % of ${counted.length} mutants of ${file} were noticed; recorded are ${score} %.`);
  isLower ||= share < score;
}
process.exitCode = isLower ? 1 : 0;
