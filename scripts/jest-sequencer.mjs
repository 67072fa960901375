import { createRequire } from 'node:module';

// Jest's own, which is a dependency of Jest's and none of ours.
const ofJest = createRequire(import.meta.resolve('jest'));
const { default: Sequencer } = ofJest('@jest/test-sequencer');

/** What takes longest, longest first, so that no worker has a long suite to itself at the end. All others come behind these. */
const LONGEST = [
  'stores/snowflake/once',
  'stores/snowflake/behaviours',
  'stores/snowflake/schema',
  'stores/snowflake/deletions',
  'stores/snowflake/standing',
  'stores/snowflake/refresh',
  'stores/snowflake/commands',
  'stores/snowflake/order',
  'stores/snowflake/lease',
  'stores/duckdb/wide',
  'reading/answers',
  'commands/commands',
  'reading/budgets',
  'airbyte/protocol',
  'commands/plan',
  'network/proxy',
  'network/proxy-snowflake',
  'associations/associations',
  'snowflake/grammar',
  'stores/snowflake/schedules',
];

export default class LongestFirst extends Sequencer {
  sort(tests) {
    const places = new Map(
      tests.map((test) => {
        const place = LONGEST.findIndex((name) => test.path.endsWith(`/integration_tests/${name}.test.ts`));
        return [test, place === -1 ? LONGEST.length : place];
      }),
    );
    // Jest's own order is by what it remembers of them, or by their sizes.
    return super.sort(tests).sort((a, b) => places.get(a) - places.get(b));
  }
}
