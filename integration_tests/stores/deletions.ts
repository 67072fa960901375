import type { CommitStep } from '../../src/commit-steps.js';
import type { JsonObject } from '../../src/protocol/messages.js';
import { freshForEach } from '../support/fresh.js';
import { type Extracted, type LoadOptions, loadBatches } from '../support/loading.js';
import { hubflake } from '../support/processes/command.js';
import type { TestWarehouse } from '../support/test-warehouse.js';

const DAY = 86_400_000;
const PROPERTIES: JsonObject = {
  id: { type: ['null', 'string'] },
  part: { type: ['null', 'integer'] },
  name: { type: ['null', 'string'] },
  updatedAt: { type: ['null', 'string'], format: 'date-time' },
  _ab_cdc_deleted_at: { type: ['null', 'string'], format: 'date-time' },
};

const CONFIGURED = {
  stream: { name: 't', json_schema: { properties: PROPERTIES }, supported_sync_modes: ['incremental'] },
  sync_mode: 'incremental',
  destination_sync_mode: 'append_dedup',
  primary_key: [['id']],
  cursor_field: ['updatedAt'],
};

/** Hard deletes, in every store: what was deleted does not come back with an older version, whenever that comes. */
export function deletionBehaviours(
  warehouse: TestWarehouse & { destination(): object },
  points: readonly CommitStep[],
): void {
  const fresh = freshForEach(warehouse);

  const at = (day: number) => `2024-01-${String(day).padStart(2, '0')}T00:00:00Z`;
  const emittedAt = (day: number) => 1_700_000_000_000 + day * DAY;
  const live = (id: string | null, day: number, more: JsonObject = {}): Extracted => ({
    data: { id, name: `of day ${day}`, updatedAt: at(day), ...more },
    emittedAt: emittedAt(day),
  });
  const deleted = (id: string | null, day: number, more: JsonObject = {}): Extracted => ({
    data: { id, updatedAt: at(day), _ab_cdc_deleted_at: at(day), ...more },
    emittedAt: emittedAt(day),
  });
  const load = (batches: Extracted[][], options: Partial<LoadOptions> = {}) =>
    loadBatches(warehouse, fresh.folder, batches, { stream: 't', properties: PROPERTIES, ...options });
  const remembered = () => warehouse.rows(warehouse.name('_HUBFLAKE_TOMBSTONES'), { TABLE_NAME: 'text', KEY: 'text' });
  const hasMemory = async () => (await warehouse.tables()).includes('_HUBFLAKE_TOMBSTONES');

  describe.each(['typed', 'raw'] as const)('%s', (tableForm) => {
    const form = { tableForm };
    const found = async (stream = 't') => {
      const view = tableForm === 'raw' ? `${stream}_VIEW` : stream;
      return (await warehouse.rows(view, { id: 'text', name: 'text' })).map(({ id, name }) => `${id}: ${name}`);
    };

    test('a version that is older than the deletion does not come back; a newer one does', async () => {
      await load([[live('1', 1), live('2', 1)]], form);
      expect(await hasMemory()).toBe(false);
      expect(await load([[deleted('1', 5)]], form)).toMatchObject({ marked: 1 });
      expect(await found()).toEqual(['2: of day 1']);
      await load(
        [
          [live('1', 3), live('1', 4)],
          [live('1', 2), live('2', 2)],
        ],
        form,
      );
      expect(await found()).toEqual(['2: of day 2']);
      await load([[live('1', 4), live('1', 6)]], form);
      expect(await found()).toEqual(['1: of day 6', '2: of day 2']);
      await load([[live('1', 3)], [deleted('1', 5)]], form);
      expect(await found()).toEqual(['1: of day 6', '2: of day 2']);
      await load([[deleted('1', 8)], [live('1', 7)]], form);
      expect(await found()).toEqual(['2: of day 2']);
      expect((await remembered()).map(({ KEY }) => KEY)).toEqual(['1']);
    });

    test('a deletion that comes before its record, and before any table, counts; of equal versions the later does', async () => {
      await load([[deleted('1', 5)]], form);
      await load([[live('1', 4), live('2', 4)]], form);
      expect(await found()).toEqual(['2: of day 4']);
      // The same cursor and the same extraction: what comes later is the newer.
      await load([[live('1', 5)]], form);
      expect(await found()).toEqual(['1: of day 5', '2: of day 4']);
    });

    test('without a cursor the time of extraction decides, and versions without a cursor are the oldest', async () => {
      const none = { ...form, stream: 'timed', cursor: null };
      await load([[live('1', 1)], [deleted('1', 3)], [live('1', 2)]], none);
      expect(await found('timed')).toEqual([]);
      await load([[live('1', 4)]], none);
      expect(await found('timed')).toEqual(['1: of day 4']);
      await load([[deleted('1', 2)], [live('1', 9, { updatedAt: null })]], form);
      await load([[live('2', 1)], [deleted('3', 2, { updatedAt: null })], [live('3', 1)]], form);
      expect(await found()).toEqual(['2: of day 1', '3: of day 1']);
    });

    test('only a time of deletion deletes: what its column cannot take does not', async () => {
      const ids = ['soon', '', '2024-13-01', 17, true, null, { at: 1 }, at(3), '2024-01-03'];
      await load([ids.map((_, i) => live(`${i}`, 1))], form);
      await load([ids.map((_ab_cdc_deleted_at, i) => live(`${i}`, 2, { _ab_cdc_deleted_at }))], form);
      expect(await found()).toEqual(ids.slice(0, 7).map((_, i) => `${i}: of day 2`));
    });

    test('keys of several columns, with nulls and of odd texts, are told apart', async () => {
      const several = { ...form, key: ['id', 'part'] };
      const odd = `it's "1", \\ 😀`;
      await load(
        [
          [
            live('1', 1, { part: 1 }),
            live('1', 1, { part: null }),
            live(odd, 1, { part: 2 }),
            live(null, 1, { part: 1 }),
          ],
          [deleted('1', 3, { part: null }), deleted(odd, 3, { part: 2 }), deleted(null, 3, { part: 1 })],
          [
            live('1', 2, { part: 1 }),
            live('1', 2, { part: null }),
            live(odd, 2, { part: 2 }),
            live(null, 2, { part: 1 }),
          ],
        ],
        several,
      );
      expect(await found()).toEqual(['1: of day 2']);
      const single = { ...form, stream: 'single' };
      await load(
        [
          [live(null, 1), live(odd, 1)],
          [deleted(null, 3), deleted(odd, 3)],
          [live(null, 2), live(odd, 2)],
        ],
        single,
      );
      expect(await found('single')).toEqual([]);
    });

    test('each table has its own memory; a refresh clears what it replaces, and no more', async () => {
      const of = (generation: number) => ({ ...form, generation, minimumGeneration: generation });
      await load([[live('1', 1), live('2', 1)], [deleted('1', 5)]], of(1));
      await load([[live('1', 1), deleted('9', 1)]], { ...form, stream: 'other' });
      expect(await found('other')).toEqual(['1: of day 1']);
      // Collected, not in place: what was deleted in it is remembered, what was deleted before stays so.
      await load([[live('1', 2), live('3', 2)], [deleted('3', 4)]], { ...of(2), complete: false }).catch(
        () => undefined,
      );
      await load([[live('3', 3)]], of(2));
      expect(await found()).toEqual(['1: of day 2']);
      expect((await remembered()).map(({ KEY }) => KEY)).toEqual(expect.arrayContaining(['3', '9']));
      expect(await remembered()).toHaveLength(2);
      // Without a generation, rows are of the newest that the table has: the deletion is of that one.
      await load([[live('3', 3), live('2', 3)]], form);
      expect(await found()).toEqual(['1: of day 2', '2: of day 3']);
    });

    test.each(points)('killed at %s and run again: the row is gone, and stays so', async (point) => {
      const killedAt = (crashAt: CommitStep, records: Extracted[]) =>
        hubflake(
          [
            'write',
            '--config',
            fresh.folder.write('d.json', {
              ...warehouse.destination(),
              table_form: tableForm,
              spool_dir: fresh.folder.path,
            }),
            '--catalog',
            fresh.folder.write('c.json', { streams: [CONFIGURED] }),
          ],
          {
            input: records
              .map(({ data, emittedAt: emitted_at }) => ({ type: 'RECORD', record: { stream: 't', data, emitted_at } }))
              .map((message) => `${JSON.stringify(message)}\n`)
              .join(''),
            environment: { HUBFLAKE_CRASH_AT: crashAt },
          },
        );
      await load([[live('1', 1), live('2', 1)]], form);
      expect((await killedAt(point, [deleted('1', 5)])).signal).toBe('SIGKILL');
      await load([[live('1', 3)]], form);
      await load([[deleted('1', 5)]], form);
      await load([[live('1', 4)]], form);
      expect(await found()).toEqual(['2: of day 1']);
      expect(await remembered()).toHaveLength(1);
    });

    test('is kept for 95 days', async () => {
      await load(
        [
          [live('1', 1), live('2', 1)],
          [deleted('1', 5), deleted('2', 5)],
        ],
        form,
      );
      const memory = warehouse.name('_HUBFLAKE_TOMBSTONES');
      await warehouse.execute(`UPDATE {table} SET RECORDED_AT = '${daysAgo(94)}' WHERE KEY = '1'`, memory);
      await warehouse.execute(`UPDATE {table} SET RECORDED_AT = '${daysAgo(96)}' WHERE KEY = '2'`, memory);
      await load([[live('1', 3), live('2', 3)]], form);
      expect(await found()).toEqual(['2: of day 3']);
      expect((await remembered()).map(({ KEY }) => KEY)).toEqual(['1']);
    });
  });

  test('a soft deletion, or a tombstone that only marks, is remembered in its row, and makes no memory', async () => {
    await load([[live('1', 1)], [deleted('1', 5)], [live('1', 3)]], { hardDeletes: false });
    expect(await warehouse.rows('t', { id: 'text', _ab_cdc_deleted_at: 'instant' })).toEqual([
      { id: '1', _ab_cdc_deleted_at: '2024-01-05T00:00:00.000Z' },
    ]);
    expect(await hasMemory()).toBe(false);
  });
}

function daysAgo(days: number): string {
  return new Date(Date.now() - days * DAY).toISOString();
}
