import fc from 'fast-check';
import { runSync } from '../../src/commands/sync/run-sync.js';
import type { SyncResult, TableResult } from '../../src/commands/sync/sync-result.js';
import { type PipelineConfig, parsePipelineConfig } from '../../src/config/pipeline.js';
import type { JsonObject } from '../../src/json.js';
import type { Call } from '../../src/sandbox/http/call.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { FAST } from '../support/fast-source.js';
import { freshForEach } from '../support/fresh.js';
import { type Break, Lifetime, QUICK } from '../support/processes/lifetime.js';
import { randomRuns } from '../support/schedules/random-runs.js';
import type { TestWarehouse } from '../support/test-warehouse.js';

const HOUR = 3_600_000;
const CALCULATED = 'num_associated_deals';
const properties = ['firstname', 'lastname', 'email', CALCULATED];
const NEVER = new AbortController().signal;

/**
 * The sweep of `sync`, in every warehouse.
 *
 * @param runs how many random schedules
 * @param afterEnd what is to be done once a process is gone that was killed
 */
export function sweepBehaviours(
  warehouse: TestWarehouse & { destination(): object },
  runs: number,
  afterEnd: () => Promise<void> = async () => undefined,
): void {
  freshForEach(warehouse);
  let sandbox: Sandbox;
  let ahead = 0;
  let life: Lifetime | null = null;
  let calls: Pick<Call, 'kind' | 'url' | 'body'>[] = [];

  afterEach(() => sandbox.close());

  const portal = () => sandbox.portal;
  const ids = () =>
    portal()
      .truth('contacts')
      .live.map(({ id }) => id);
  const wait = (hours: number) => {
    ahead += hours * HOUR;
  };
  const lists = () =>
    calls.filter(({ kind, url }) => kind === 'list' && url.includes('archived=false')).map(({ url }) => url);

  async function begin(
    contacts: number,
    source: JsonObject = {},
    object: JsonObject = {},
    mode: string | null = 'append_dedup',
  ) {
    ahead = 0;
    sandbox = await startSandbox({
      counts: { '*': 0, contacts, companies: 5 },
      limits: 'off',
      clock: () => Date.now() + ahead,
      onCall: ({ kind, url, body }) => {
        calls.push({ kind, url, body });
        life?.call();
      },
    });
    wait(24 * 366);
    process.env.HUBSPOT_BASE_URL = sandbox.url;
    const config = parsePipelineConfig({
      name: 'crm',
      source: {
        credentials: { access_token: sandbox.token },
        objects: [{ object_type: 'contacts', properties, associations: ['companies'], ...object }],
        layout: 'columns',
        sweep_every: 24,
        ...source,
      },
      destination: warehouse.destination(),
      ...(mode === null ? {} : { streams: [{ name: 'contacts', destination_sync_mode: mode }] }),
    });
    Object.assign(config.source, FAST);
    await sync(config);
    calls = [];
    return config;
  }

  async function sync(config: PipelineConfig): Promise<SyncResult> {
    const result = await new Lifetime(null).live(() => runSync(config, NEVER, [], QUICK));
    expect(result.errors).toEqual([]);
    return result;
  }

  function only({ streams }: SyncResult): TableResult {
    expect(streams).toHaveLength(1);
    return streams[0] as TableResult;
  }

  /** Throws where the live rows are not the portal's live records. */
  async function expectEqual(): Promise<void> {
    const fields = { id: 'text', updated_at: 'instant', archived: 'boolean', associated_companies: 'json' } as const;
    const texts = Object.fromEntries(properties.map((name) => [name, 'text' as const]));
    const rows = await warehouse.rows('contacts', { ...fields, ...texts });
    const line = (id: unknown, at: unknown, linked: readonly string[], values: readonly unknown[]) =>
      JSON.stringify([
        id,
        at,
        [...linked].sort(),
        values.map((value) => (value === null ? null : String(value).replace(/\.0+$/, ''))),
      ]);
    const shown = rows
      .filter(({ archived }) => archived !== true)
      .map((row) =>
        line(
          row.id,
          row.updated_at,
          (row.associated_companies as string[] | null) ?? [],
          properties.map((name) => row[name as keyof typeof row] ?? null),
        ),
      );
    const { live } = portal().truth('contacts', { properties, associations: ['companies'] });
    const expected = live.map(({ id, updatedAt, properties: values, associations }) =>
      line(
        id,
        updatedAt,
        associations?.companies ?? [],
        properties.map((name) => values[name] ?? null),
      ),
    );
    expect(shown.sort()).toEqual(expected.sort());
  }

  /** Changes that HubSpot tells nobody of. @returns how many rows they change, and how many they mark */
  function drift(all: readonly string[]): { updated: number; marked: number } {
    portal().edit('contacts', [all[5], all[150]] as string[], { [CALCULATED]: '77' }, { silent: true });
    const [company] = portal().truth('companies').live;
    const linked = portal().truth('contacts', { associations: ['companies'] }).live;
    const lonely = linked.filter(({ associations }) => associations?.companies?.length === 0).slice(0, 2);
    for (const { id } of lonely) portal().associate('contacts', id, 'companies', company?.id as string);
    const erased = all.filter((id) => !lonely.some((each) => each.id === id)).slice(40, 43);
    portal().erase('contacts', erased);
    return { updated: 2 + lonely.length, marked: erased.length };
  }

  test('a sweep writes the rows that differ, and marks what was erased', async () => {
    const config = await begin(330);
    wait(23);
    expect(only(await sync(config))).toMatchObject({ records: 0 });
    expect(lists()).toEqual([]);
    wait(2);
    const live = ids().length;
    const none = await sync(config);
    expect(only(none)).toMatchObject({ records: live, inserted: 0, updated: 0, marked: 0 });
    expect(lists()).toHaveLength(Math.ceil(live / 100));
    expect(none.calls.total - none.calls.least).toBeLessThanOrEqual(1);
    const erasedFrom = ids();
    const changed = drift(erasedFrom);
    wait(25);
    expect(only(await sync(config))).toMatchObject({ inserted: 0, ...changed });
    await expectEqual();
    const rows = await warehouse.rows('contacts', { id: 'text', updated_at: 'instant', archived: 'boolean' });
    const gone = rows.filter(({ id }) => !ids().includes(String(id)) && erasedFrom.includes(String(id)));
    expect(gone.map(({ archived }) => archived)).toEqual([true, true, true]);
    // Its own version stays: HubSpot did not say when it was erased.
    for (const { updated_at } of gone)
      expect(Date.parse(String(updated_at))).toBeLessThan(Date.now() + 24 * 366 * HOUR);
    wait(25);
    expect(only(await sync(config))).toMatchObject({ inserted: 0, updated: 0, marked: 0 });
  });

  test('with deletes off nothing is marked', async () => {
    const config = await begin(60, { deletes: 'off' });
    portal().erase('contacts', ids().slice(0, 3));
    wait(25);
    expect(only(await sync(config))).toMatchObject({ inserted: 0, updated: 0, marked: 0 });
  });

  test('of calculated properties and associations, only these are asked for, and only runs that differ are read whole', async () => {
    const config = await begin(330, { sweep: 'calculated' });
    wait(25);
    const live = ids().length;
    expect(only(await sync(config))).toMatchObject({ records: live, updated: 0 });
    expect(lists()[0]).toContain('firstname');
    calls = [];
    wait(25);
    expect(only(await sync(config))).toMatchObject({ records: 0 });
    expect(lists()).toHaveLength(Math.ceil(live / 100));
    for (const url of lists()) expect(url).toMatch(new RegExp(`properties=${CALCULATED}(&|$)`));
    calls = [];
    const changed = drift(ids());
    // Is no concern of such a sweep.
    portal().edit('contacts', ids()[299] as string, { firstname: 'Silent' }, { silent: true });
    wait(25);
    const result = await sync(config);
    expect(only(result)).toMatchObject({ inserted: 0, ...changed });
    expect(only(result).records).toBeLessThan(7 * 12);
    expect(calls.filter(({ kind }) => kind === 'batchRead').length).toBeLessThan(10);
    portal().edit('contacts', ids()[299] as string, { firstname: 'Loud' });
    wait(1);
    await sync(config);
    await expectEqual();
  });

  test('rows that are appended are compared by the state', async () => {
    const config = await begin(130, {}, {}, 'append');
    wait(25);
    const live = ids().length;
    expect(only(await sync(config))).toMatchObject({ inserted: live });
    wait(25);
    expect(only(await sync(config))).toMatchObject({ inserted: 0 });
    portal().erase('contacts', ids()[33] as string);
    wait(25);
    expect(only(await sync(config))).toMatchObject({ inserted: 10 });
  });

  test('in the layout of Fivetran the time at which rows were written makes no difference', async () => {
    const config = await begin(
      230,
      { layout: 'fivetran' },
      { history: [], properties: ['firstname', CALCULATED] },
      null,
    );
    const names = (result: SyncResult) => new Map(result.streams.map(({ stream, ...counts }) => [stream, counts]));
    wait(25);
    const none = { inserted: 0, updated: 0, marked: 0, removed: 0 };
    expect(names(await sync(config)).get('contact')).toMatchObject({ records: ids().length, ...none });
    portal().edit('contacts', ids()[15] as string, { [CALCULATED]: '77' }, { silent: true });
    portal().erase('contacts', ids()[16] as string);
    wait(25);
    expect(names(await sync(config)).get('contact')).toMatchObject({ ...none, updated: 1, marked: 1 });
    wait(25);
    for (const [, counts] of names(await sync(config))) expect(counts).toMatchObject(none);
  });

  test('a stream with filters is swept by search', async () => {
    const filters = [{ filters: [{ propertyName: 'email', operator: 'HAS_PROPERTY' }] }];
    const config = await begin(260, {}, { filter_groups: filters });
    const matching = portal()
      .truth('contacts', { properties: ['email'] })
      .live.filter(({ properties }) => properties.email)
      .map(({ id }) => id);
    portal().erase('contacts', matching.slice(3, 5));
    portal().edit('contacts', matching[7] as string, { email: '' }, { silent: true });
    portal().edit('contacts', matching[9] as string, { [CALCULATED]: '5' }, { silent: true });
    wait(25);
    expect(only(await sync(config))).toMatchObject({ inserted: 0, updated: 1, marked: 3 });
    expect(lists()).toEqual([]);
  });

  const step = fc.oneof(
    fc.record({ is: fc.constant('calculate' as const), pick: fc.nat(99), value: fc.nat(9) }),
    fc.record({
      is: fc.constantFrom(
        'link' as const,
        'erase' as const,
        'archive' as const,
        'merge' as const,
        'edit' as const,
        'create' as const,
      ),
      pick: fc.nat(99),
    }),
    fc.record({ is: fc.constant('wait' as const), hours: fc.constantFrom(1, 25) }),
    fc.record({
      is: fc.constant('sync' as const),
      broken: fc.option(
        fc.record<Break>({
          what: fc.constantFrom('kill', 'call'),
          edge: fc.option(fc.nat(4)),
          nth: fc.nat(12),
          isDone: fc.boolean(),
        }),
      ),
    }),
  );

  test.each(['all', 'calculated'])(
    'whatever drifts, and wherever runs are killed, a sweep makes the table equal (%s)',
    async (what) => {
      await fc.assert(
        fc
          .asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
            const config = await begin(130, { sweep: what });
            for (const each of steps) {
              if (each.is === 'wait') wait(each.hours);
              else if (each.is === 'sync') {
                const now = new Lifetime(each.broken, 40);
                life = now;
                await now
                  .live(() => runSync(config, now.end, [], QUICK))
                  .catch((error: unknown) => {
                    if (!now.isBroken) throw error;
                  });
                life = null;
                if (now.isBroken) await afterEnd();
              } else change(each);
            }
            // One that was interrupted comes to its end first.
            for (let sweeps = 0; sweeps < 2; sweeps += 1) {
              wait(25);
              await sync(config);
            }
            await expectEqual();
          })
          .afterEach(async () => {
            await sandbox.close();
            await warehouse.begin();
          }),
        randomRuns(runs),
      );
    },
  );

  function change({ is, pick, value = 1 }: { is: string; pick: number; value?: number }): void {
    const live = ids();
    const [id, other] = [live[pick % live.length] as string, live[(pick + 7) % live.length] as string];
    const companies = portal().truth('companies').live;
    switch (is) {
      case 'calculate':
        portal().edit('contacts', id, { [CALCULATED]: String(value) }, { silent: true });
        break;
      case 'link':
        portal().associate('contacts', id, 'companies', companies[pick % companies.length]?.id as string);
        break;
      case 'erase':
        portal().erase('contacts', id);
        break;
      case 'archive':
        portal().archive('contacts', id);
        break;
      case 'merge':
        portal().merge('contacts', id, other);
        break;
      case 'edit':
        portal().edit('contacts', id, { firstname: `E${pick}` });
        break;
      default:
        portal().create('contacts', { firstname: `C${pick}` });
    }
  }
}
