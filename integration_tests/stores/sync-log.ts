import { runSync } from '../../src/commands/sync/run-sync.js';
import { parsePipelineConfig } from '../../src/config/pipeline.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { VERSION } from '../../src/version.js';
import { FAST } from '../support/fast-source.js';
import { freshForEach } from '../support/fresh.js';
import { Lifetime, QUICK } from '../support/processes/lifetime.js';
import type { TestWarehouse } from '../support/test-warehouse.js';

const FIELDS = {
  PIPELINE: 'text',
  STREAM: 'text',
  TABLE_NAME: 'text',
  STATUS: 'text',
  RECORDS: 'number',
  INSERTED: 'number',
  UPDATED: 'number',
  MARKED: 'number',
  CALLS: 'number',
  LEAST_CALLS: 'number',
  RETRIES: 'number',
  BYTES: 'number',
  FRESHNESS_P50_SECONDS: 'number',
  FRESHNESS_MAX_SECONDS: 'number',
  ERROR_CODE: 'text',
  ERROR: 'text',
  VERSION: 'text',
  STARTED_AT: 'instant',
  ENDED_AT: 'instant',
} as const;

/**
 * What `_HUBFLAKE_SYNCS` says of syncs, in every warehouse.
 *
 * @param documented runs the queries of docs/monitoring.md
 */
export function syncLogBehaviours(
  warehouse: TestWarehouse & { destination(): object },
  documented: () => Promise<Record<string, unknown>[][]>,
): void {
  freshForEach(warehouse);
  let sandbox: Sandbox;

  beforeEach(async () => {
    sandbox = await startSandbox({ counts: { '*': 0, contacts: 30, companies: 10 }, limits: 'off' });
    process.env.HUBSPOT_BASE_URL = sandbox.url;
  });

  afterEach(() => sandbox.close());

  async function sync(syncLog = 'changes', objects: readonly string[] = ['contacts', 'companies']) {
    const config = parsePipelineConfig({
      name: 'crm',
      source: {
        credentials: { access_token: sandbox.token },
        objects: objects.map((object_type) => ({ object_type, properties: ['hs_object_id'] })),
        layout: 'columns',
      },
      destination: { ...warehouse.destination(), sync_log: syncLog },
    });
    Object.assign(config.source, FAST);
    const never = new AbortController().signal;
    return new Lifetime(null).live(() => runSync(config, never, [], QUICK));
  }

  const logged = async () => {
    const rows = await warehouse.rows('_HUBFLAKE_SYNCS', FIELDS);
    return rows.sort((a, b) => (`${a.STARTED_AT} ${a.STREAM}` < `${b.STARTED_AT} ${b.STREAM}` ? -1 : 1));
  };

  test('a sync has a row for each stream that brought records; one that brought none has none', async () => {
    const before = new Date();
    const { streams } = await sync();
    const rows = await logged();
    expect(rows.map(({ STREAM, RECORDS }) => [STREAM, RECORDS])).toEqual(
      streams.map(({ stream, records }) => [stream, records]).sort(),
    );
    for (const row of rows) {
      expect(row).toMatchObject({ PIPELINE: 'crm', STATUS: 'complete', ERROR: null, VERSION, RETRIES: 0 });
      expect(row.INSERTED).toBe(row.RECORDS);
      expect(row.CALLS).toBeGreaterThan(0);
      expect(row.BYTES).toBeGreaterThan(1000);
      expect(row.FRESHNESS_MAX_SECONDS).toBeNull();
      expect(new Date(row.STARTED_AT as string).getTime()).toBeGreaterThanOrEqual(before.getTime() - 1);
      expect(new Date(row.ENDED_AT as string).getTime()).toBeLessThanOrEqual(Date.now());
    }
    await sync();
    expect(await logged()).toHaveLength(rows.length);

    const [contact] = sandbox.portal.truth('contacts').live;
    sandbox.portal.edit('contacts', contact?.id as string, { firstname: 'New' });
    await sync();
    const [last, ...others] = (await logged()).slice(rows.length);
    expect(others).toEqual([]);
    expect(last).toMatchObject({ STREAM: 'contacts', RECORDS: 1, UPDATED: 1, INSERTED: 0 });
    // HubSpot's clock is known to the second.
    expect(last?.FRESHNESS_MAX_SECONDS).not.toBeNull();
    expect(last?.FRESHNESS_MAX_SECONDS).toBeLessThan(600);
  });

  test('calls are counted by stream: more than the least only where some were repeated', async () => {
    sandbox.faults.set([{ objectType: 'companies', kind: 'list', nth: 1, fault: { type: 'status', status: 502 } }]);
    const { calls } = await sync();
    const rows = await logged();
    const of = (stream: string) => rows.find(({ STREAM }) => STREAM === stream);
    expect(of('contacts')).toMatchObject({ RETRIES: 0 });
    expect(of('companies')).toMatchObject({ RETRIES: 1 });
    expect(of('contacts')?.CALLS).toBe(of('contacts')?.LEAST_CALLS);
    expect(of('companies')?.CALLS).toBe((of('companies')?.LEAST_CALLS as number) + 1);
    // The rest is the portal's own.
    const own = rows.reduce((sum, { CALLS }) => sum + (CALLS as number), 0);
    expect(calls.total - own).toBeLessThanOrEqual(3);
  });

  test('a failure has a row with its code; the first sync leaves the schema as it was where nothing came', async () => {
    const refused = { kind: 'list', fault: { type: 'error', status: 403, category: 'MISSING_SCOPES' } } as const;
    sandbox.faults.set([refused]);
    expect((await sync()).errors).toHaveLength(2);
    expect(await warehouse.hasStates()).toBe(false);
    await expect(logged()).rejects.toThrow();
    sandbox.faults.set([{ ...refused, objectType: 'companies' }]);
    await sync();
    const [failed] = (await logged()).filter(({ STREAM }) => STREAM === 'companies');
    expect(failed).toMatchObject({ STATUS: 'failed', ERROR_CODE: 'HF-SCOPES', RECORDS: 0 });
    expect(failed?.ERROR).toMatch(/scope/);
  });

  test('all: a row for each stream of every sync; off: none', async () => {
    await sync('off');
    await expect(logged()).rejects.toThrow();
    await sync('all');
    expect((await logged()).map(({ STREAM, RECORDS }) => [STREAM, RECORDS])).toEqual([
      ['companies', 0],
      ['contacts', 0],
    ]);
  });

  test("somebody's table in its place costs a warning, and no sync", async () => {
    await sync('off');
    const [contact] = sandbox.portal.truth('contacts').live;
    sandbox.portal.edit('contacts', contact?.id as string, { firstname: 'New' });
    await warehouse.execute('CREATE TABLE {table} (A INTEGER)', '_HUBFLAKE_SYNCS');
    const { errors, streams } = await sync();
    expect(errors).toEqual([]);
    expect(streams.find(({ stream }) => stream === 'contacts')).toMatchObject({ updated: 1 });
  });

  test('the documented queries say what failed, and how many rows a day came', async () => {
    sandbox.faults.set([
      { objectType: 'companies', kind: 'list', fault: { type: 'error', status: 403, category: 'MISSING_SCOPES' } },
    ]);
    await sync();
    const [late, errors, days] = await documented();
    expect(late).toEqual([]);
    expect(errors).toMatchObject([{ STREAM: 'companies', ERROR_CODE: 'HF-SCOPES' }]);
    expect(days?.map(({ STREAM, CHANGED }) => [STREAM, Number(CHANGED)])).toEqual([
      ['contacts', sandbox.portal.truth('contacts').live.length],
      ['companies', 0],
    ]);
  });
}
