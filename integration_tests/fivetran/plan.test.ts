import { runPlan } from '../../src/commands/sync/run-plan.js';
import { runSync } from '../../src/commands/sync/run-sync.js';
import { parsePipelineConfig } from '../../src/config/pipeline.js';
import { startSandbox } from '../../src/sandbox/server.js';
import { DuckDbWarehouse } from '../support/duckdb-warehouse.js';

test('plan counts what several tables share once: of a first load, of an increment, and in other layouts', async () => {
  const sandbox = await startSandbox({
    counts: { '*': 0, contacts: 260, companies: 40, deals: 180, calls: 20, notes: 10 },
    hubContacts: 0,
    limits: 'off',
  });
  process.env.HUBSPOT_BASE_URL = sandbox.url;
  const warehouse = new DuckDbWarehouse();
  try {
    for (const source of [
      { layout: 'fivetran', objects: ['contacts', 'deals', 'calls', 'notes'].map((object_type) => ({ object_type })) },
      { layout: 'columns', objects: [{ object_type: 'deals', history: true, associations: [] }] },
    ]) {
      await warehouse.begin();
      const config = () =>
        parsePipelineConfig({
          name: 'x',
          source: { credentials: { access_token: sandbox.token }, ...source },
          destination: warehouse.destination(),
        });
      for (const run of ['first load', 'increment']) {
        const { signal } = new AbortController();
        const plan = await runPlan(config(), signal);
        const sync = await runSync(config(), signal, []);
        expect(sync.errors).toEqual([]);
        expect([run, Math.abs(plan.calls.total - sync.calls.total) / sync.calls.total]).toEqual([
          run,
          expect.closeTo(0, 1),
        ]);
        const ids = sandbox.portal
          .truth('deals')
          .live.slice(0, 130)
          .map(({ id }) => id);
        sandbox.portal.edit('deals', ids, { amount: String(Math.random()) });
      }
      await warehouse.end();
    }
  } finally {
    await sandbox.close();
  }
});

test('past values that are hashed otherwise than before are planned as read from the start', async () => {
  const sandbox = await startSandbox({ counts: { '*': 0, deals: 300 }, hubContacts: 0, limits: 'off' });
  process.env.HUBSPOT_BASE_URL = sandbox.url;
  const warehouse = new DuckDbWarehouse();
  await warehouse.begin();
  try {
    const config = (salt: string) =>
      parsePipelineConfig({
        name: 'x',
        source: {
          credentials: { access_token: sandbox.token },
          layout: 'columns',
          objects: [{ object_type: 'deals', history: true, associations: [], hash_properties: ['dealname'] }],
          hash_salt: salt,
        },
        destination: warehouse.destination(),
      });
    const planned = async (salt: string) => {
      const { signal } = new AbortController();
      const plan = await runPlan(config(salt), signal);
      const sync = await runSync(config(salt), signal, []);
      expect(sync.errors).toEqual([]);
      expect(Math.abs(plan.calls.total - sync.calls.total)).toBeLessThanOrEqual(1);
      return plan.streams.find(({ stream }) => stream === 'deals_property_history')?.what;
    };
    expect(await planned('a salt of these tests')).toMatch(/^past values: first load$/);
    expect(await planned('a salt of these tests')).toMatch(/^past values: (?!first load)/);
    expect(await planned('another salt of these')).toMatch(
      /^past values: first load again: dealname was added, hashed/,
    );
  } finally {
    await warehouse.end();
    await sandbox.close();
  }
});
