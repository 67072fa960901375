import fc from 'fast-check';
import type { CommitStep } from '../../src/commit-steps.js';
import type { JsonObject } from '../../src/protocol/messages.js';
import { REMOVES } from '../../src/warehouse/schema-keywords.js';
import { freshForEach } from '../support/fresh.js';
import { type Extracted, type LoadOptions, loadBatches, openFor } from '../support/loading.js';
import { hubflake } from '../support/processes/command.js';
import { randomRuns } from '../support/schedules/random-runs.js';
import type { TestWarehouse } from '../support/test-warehouse.js';

export const KEYWORDS: JsonObject = { hubflake_removes: { by: ['deal'] } };
export const PROPERTIES: JsonObject = {
  deal: { type: ['null', 'integer'] },
  company: { type: ['null', 'integer'] },
  label: { type: ['null', 'string'] },
};
export const KEY = ['deal', 'company'];
/** The same for every record: of rows that say the same, the one that comes later counts. */
const AT = 1_700_000_000_000;

/** A row, with the time of its extraction where that matters; without a company: the removal of all rows of its deal. */
export type Item = [deal: number | null, company?: number, label?: string, emittedAt?: number];

export function extracted([deal, company, label = 'a', emittedAt = AT]: Item): Extracted {
  return { data: company === undefined ? { deal, [REMOVES]: true } : { deal, company, label }, emittedAt };
}

/** Where runs are killed, and what they write to. */
interface Kills {
  points: readonly CommitStep[];
  destination: () => object;
}

/** Removals, in every store: they take every earlier row with the same values away, and are none themselves. */
export function removalBehaviours(warehouse: TestWarehouse, histories: number, kills: Kills | null = null): void {
  const fresh = freshForEach(warehouse);
  let tables = 0;

  const load = (batches: Item[][], options: Partial<LoadOptions> = {}) =>
    loadBatches(
      warehouse,
      fresh.folder,
      batches.map((batch) => batch.map(extracted)),
      { stream: 't', properties: PROPERTIES, keywords: KEYWORDS, key: KEY, cursor: null, ...options },
    );

  /** The table's rows as `deal-company: label`, in their order as texts. */
  async function found(stream = 't', tableForm = 'typed'): Promise<string[]> {
    const view = tableForm === 'raw' ? `${stream}_VIEW` : stream;
    const rows = await warehouse.rows(view, { deal: 'number', company: 'number', label: 'text' });
    return rows.map(({ deal, company, label }) => `${deal}-${company}: ${label}`).sort();
  }

  describe.each(['typed', 'raw'] as const)('%s', (tableForm) => {
    const form = { tableForm };
    const rows = (stream = 't') => found(stream, tableForm);

    test('a removal takes earlier rows away, of its value only; what comes behind it is inserted', async () => {
      await load(
        [
          [
            [5, 1],
            [5, 2],
            [6, 1],
          ],
        ],
        form,
      );
      expect(await load([[[5], [5, 2, 'b'], [5, 3, 'b']]], form)).toMatchObject({
        records: 3,
        inserted: 2,
        updated: 0,
        removed: 2,
        marked: 0,
      });
      expect(await rows()).toEqual(['5-2: b', '5-3: b', '6-1: a']);
    });

    test('in one batch the last removal of a value counts, and what follows it', async () => {
      await load([[[5, 1], [6, 1], [5], [5, 2], [6, 2], [5], [5, 3], [7], [6, 3]]], form);
      expect(await rows()).toEqual(['5-3: a', '6-1: a', '6-2: a', '6-3: a']);
      // Also where the version before the removal would count as the newer one, for the time of its extraction.
      await load([[[5, 3, 'before', AT + 9], [6, 1, 'b'], [5], [5, 3, 'behind', AT + 1]]], form);
      expect(await rows()).toEqual(['5-3: behind', '6-1: b', '6-2: a', '6-3: a']);
    });

    test('a row in the table is removed whenever it was extracted', async () => {
      await load(
        [
          [
            [5, 1, 'late', AT + 9],
            [5, 2],
          ],
        ],
        form,
      );
      await load([[[5], [5, 1, 'early', AT]]], form);
      expect(await rows()).toEqual(['5-1: early']);
    });

    test('batches that come twice, and pages that do, make the same table', async () => {
      const batch: Item[] = [[5], [5, 1], [5, 2], [6], [6, 1]];
      await load([batch, batch], form);
      await load([[...batch, ...batch]], form);
      await load([batch], form);
      expect(await rows()).toEqual(['5-1: a', '5-2: a', '6-1: a']);
    });

    test('removals alone make no table, and take rows of one that is there', async () => {
      expect(await load([[[5], [6]], [[7]]], form)).toMatchObject({ records: 3, inserted: 0, removed: 0 });
      await load([[[5, 1], [5]]], form);
      expect(await warehouse.tables()).toEqual([]);
      await load(
        [
          [
            [5, 1],
            [6, 1],
          ],
        ],
        form,
      );
      expect(await load([[[5]]], form)).toMatchObject({ records: 1, inserted: 0, updated: 0, removed: 1 });
      expect(await rows()).toEqual(['6-1: a']);
    });

    test('null is no value of a removal, nor of a row', async () => {
      await load(
        [
          [
            [null, 1],
            [5, 1],
          ],
        ],
        form,
      );
      expect(await load([[[null, 2], [null], [null, 3]]], form)).toMatchObject({ inserted: 2, removed: 0 });
      const nothing = { data: { [REMOVES]: true }, emittedAt: AT };
      const options = { stream: 't', properties: PROPERTIES, keywords: KEYWORDS, key: KEY, cursor: null, ...form };
      expect(await loadBatches(warehouse, fresh.folder, [[nothing]], options)).toMatchObject({ removed: 0 });
      expect(await rows()).toEqual(['5-1: a', 'null-1: a', 'null-2: a', 'null-3: a']);
    });

    test('by the whole key, a removal takes one row', async () => {
      const keywords = { hubflake_removes: { by: KEY } };
      const removal = { data: { deal: 5, company: 1, [REMOVES]: true }, emittedAt: AT };
      await load(
        [
          [
            [5, 1],
            [5, 2],
            [6, 1],
          ],
        ],
        { ...form, keywords },
      );
      const options = { stream: 't', properties: PROPERTIES, keywords, key: KEY, cursor: null, ...form };
      await loadBatches(warehouse, fresh.folder, [[extracted([5, 3]), removal, extracted([6, 1, 'b'])]], options);
      expect(await rows()).toEqual(['5-2: a', '5-3: a', '6-1: b']);
    });

    test('in append there are none', async () => {
      const result = await load([[[5, 1], [5], [5, 2]], [[5]]], { ...form, mode: 'append' });
      expect(result).toMatchObject({ records: 4, inserted: 2, removed: 0 });
      expect(await rows()).toEqual(['5-1: a', '5-2: a']);
    });

    test('in overwrite they take rows of the new ones, in each batch; readers see the old until the end', async () => {
      const overwrite = { ...form, mode: 'overwrite' as const };
      await load([[[9, 1]]], overwrite);
      await load([[[5], [5, 1], [6, 1], [5], [5, 2]], [[5], [5, 3]], [[7]]], overwrite);
      expect(await rows()).toEqual(['5-3: a', '6-1: a']);
      await load([[[5]]], overwrite);
      expect(await rows()).toEqual([]);
    });

    test.each(['append_dedup', 'overwrite'] as const)(
      'in a refresh (%s) that is resumed, what comes again replaces what an attempt before has collected',
      async (mode) => {
        const of = (generation: number) => ({ ...form, mode, generation, minimumGeneration: generation });
        await load(
          [
            [
              [5, 1],
              [8, 1],
            ],
          ],
          of(1),
        );
        await load(
          [
            [[5], [5, 1], [5, 2]],
            [[6], [6, 1]],
          ],
          { ...of(2), complete: false },
        ).catch(() => undefined);
        expect(await rows()).toEqual(['5-1: a', '8-1: a']);
        await load(
          [
            [[6], [6, 2]],
            [[5], [5, 2], [7], [7, 1]],
          ],
          of(2),
        );
        expect(await rows()).toEqual(['5-2: a', '6-2: a', '7-1: a']);
        // What is in place is written to directly.
        await load([[[5], [7]]], of(2));
        expect(await rows()).toEqual(['6-2: a']);
      },
    );

    test.each(['append_dedup', 'overwrite'] as const)(
      'the state behind removals is kept with them (%s)',
      async (mode) => {
        const sync = { ...form, mode, pipeline: 'crm', generation: 1, minimumGeneration: 1, complete: false };
        const batches: Item[][] = [[[5]], [[5], [5, 1], [6], [6, 1]], [[5]]];
        const kept = async () => {
          const { store } = await openFor(warehouse, { stream: 't', properties: PROPERTIES, key: KEY }, 'crm');
          const { states } = await store.loadStates('crm');
          await store.close();
          return states.get('t')?.state;
        };
        for (const [index] of batches.entries()) {
          await load(batches.slice(0, index + 1), sync);
          expect(await kept()).toEqual({ batch: index });
        }
        await load([], { ...sync, complete: true });
        expect(await rows()).toEqual(['6-1: a']);
      },
    );

    const killed = kills ? test.each(kills.points) : test.skip.each(['any point' as CommitStep]);
    killed('killed at %s and run again: the table is what it is to be', async (point) => {
      const items: Item[] = [[5], [5, 2, 'b'], [6, 2], [6], [6, 3]];
      await load(
        [
          [
            [5, 1],
            [5, 2],
            [6, 1],
            [7, 1],
          ],
        ],
        form,
      );
      const outcome = await killedAt(point, items);
      expect(outcome.signal).toBe('SIGKILL');
      const was = ['5-1: a', '5-2: a', '6-1: a', '7-1: a'];
      const is = ['5-2: b', '6-3: a', '7-1: a'];
      expect(await rows()).toEqual(point === 'after-commit' ? is : was);
      await load([items], form);
      expect(await rows()).toEqual(is);
    });

    function killedAt(crashAt: CommitStep, items: Item[]) {
      const { folder } = fresh;
      const config = { ...kills?.destination(), table_form: tableForm, spool_dir: folder.path };
      const stream = {
        stream: {
          name: 't',
          json_schema: { properties: PROPERTIES, ...KEYWORDS },
          supported_sync_modes: ['incremental'],
        },
        sync_mode: 'incremental',
        destination_sync_mode: 'append_dedup',
        primary_key: KEY.map((field) => [field]),
      };
      const input = items
        .map(extracted)
        .map(({ data, emittedAt }) => ({ type: 'RECORD', record: { stream: 't', data, emitted_at: emittedAt } }))
        .map((message) => `${JSON.stringify(message)}\n`)
        .join('');
      const paths = ['--config', folder.write('d.json', config)];
      paths.push('--catalog', folder.write('c.json', { streams: [stream] }));
      return hubflake(['write', ...paths], { input, environment: { HUBFLAKE_CRASH_AT: crashAt } });
    }
  });

  test('plan shows what takes rows away', async () => {
    const options = { stream: 't', properties: PROPERTIES, keywords: KEYWORDS, key: KEY, cursor: null };
    const { store, target } = await openFor(warehouse, options);
    const { statements } = await store.preview(target);
    await store.close();
    expect(statements.filter((text) => /THEN DELETE|^DELETE FROM .* USING/.test(text))).toHaveLength(1);
  });

  test('no column, and no note, tells of a removal', async () => {
    await load([[[5], [5, 1]]], { properties: { ...PROPERTIES, [REMOVES]: { type: 'boolean' } } });
    expect((await warehouse.columns('t')).map((name) => name.toLowerCase()).slice(4)).toEqual(Object.keys(PROPERTIES));
    expect(await warehouse.rows('t', { _airbyte_meta: 'json' })).toEqual([{ _airbyte_meta: { changes: [] } }]);
  });

  test('a record that only names the member is a row', async () => {
    const named: JsonObject[] = [
      { deal: 1, company: 1, label: REMOVES },
      { deal: 2, company: 1, label: 'false', [REMOVES]: false },
      { deal: 3, company: 1, label: 'text', [REMOVES]: 'true' },
    ];
    const options = { stream: 't', properties: PROPERTIES, keywords: KEYWORDS, key: KEY, cursor: null };
    await loadBatches(warehouse, fresh.folder, [named.map((data) => ({ data, emittedAt: AT }))], options);
    expect(await found()).toEqual([`1-1: ${REMOVES}`, '2-1: false', '3-1: text']);
  });

  test('whatever comes, in whichever batches, some of them twice: the table is what the order of arrival makes', async () => {
    await fc.assert(
      fc.asyncProperty(arrivals, async ({ batches, again, tableForm, mode }) => {
        tables += 1;
        const stream = `t${tables}`;
        const all = batches.flatMap((batch, i) => (again.includes(i) ? [batch, batch] : [batch]));
        await load(all, { stream, tableForm, mode });
        const expected = modelOf(all.flat(), mode);
        const isThere = (await warehouse.tables()).includes(warehouse.name(stream));
        expect(isThere ? await found(stream, tableForm) : []).toEqual(expected);
      }),
      randomRuns(histories),
    );
  });
}

/** Few deals, companies and times, so that ties and removals that meet something are many. */
const row = fc.tuple(
  fc.option(fc.integer({ min: 1, max: 3 }), { freq: 6 }),
  fc.integer({ min: 1, max: 2 }),
  fc.constantFrom('a', 'b', 'c'),
  fc.integer({ min: AT, max: AT + 2 }),
);
const removal = fc.tuple(fc.option(fc.integer({ min: 1, max: 3 }), { freq: 6 }));
const item: fc.Arbitrary<Item> = fc.oneof({ weight: 2, arbitrary: row }, { weight: 1, arbitrary: removal });
const arrivals = fc.record({
  batches: fc.array(fc.array(item, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 5 }),
  again: fc.array(fc.nat(4), { maxLength: 2 }),
  tableForm: fc.constantFrom('typed' as const, 'raw' as const),
  mode: fc.constantFrom('append_dedup' as const, 'append_dedup' as const, 'overwrite' as const),
});

/** What the rows are behind all items, in the order of {@link removalBehaviours}' `found`. Of a key the newest version counts, if any. */
export function modelOf(items: readonly Item[], mode: 'append_dedup' | 'overwrite'): string[] {
  let rows: Item[] = [];
  for (const each of items) {
    const [deal, company, , at = AT] = each;
    if (company === undefined) {
      rows = rows.filter(([of]) => deal === null || of !== deal);
      continue;
    }
    const there = rows.find(([of, other]) => of === deal && other === company);
    if (mode === 'append_dedup' && there) {
      if (at < (there[3] ?? AT)) continue;
      rows = rows.filter((other) => other !== there);
    }
    rows.push(each);
  }
  return rows.map(([deal, company, label = 'a']) => `${deal}-${company}: ${label}`).sort();
}
