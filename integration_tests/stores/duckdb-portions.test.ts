import type { JsonObject } from '../../src/protocol/messages.js';
import type { SpoolFile } from '../../src/warehouse/spool.js';
import { DuckDbWarehouse } from '../support/duckdb-warehouse.js';
import { freshForEach } from '../support/fresh.js';
import { openFor } from '../support/loading.js';

const PIPELINE = 'p';
/** As if each were as large as what is merged at once. */
const BYTES = 100 * 1024 * 1024;
/** DuckDB cannot have both in one struct, so that batches of them have to be merged. */
const PROPERTIES: JsonObject = { id: { type: 'string' }, name: { type: 'string' }, NAME: { type: 'string' } };

describe('a batch that is merged in portions', () => {
  const warehouse = new DuckDbWarehouse();
  const fresh = freshForEach(warehouse);

  let lines = 0;
  function file(name: string, texts: string[]): SpoolFile {
    const spooled = texts.map((text) => {
      lines += 1;
      return `{"n":${lines},"t":1700000000000,"m":null,"d":${text}}\n`;
    });
    return { path: fresh.folder.write(name, spooled.join('')), rows: texts.length, bytes: BYTES, longestLine: 1000 };
  }

  /** @returns the state that is kept behind the commit, and what it failed with */
  async function commit(files: SpoolFile[]): Promise<{ counts?: unknown; kept: unknown; error?: unknown }> {
    const options = { stream: 't', properties: PROPERTIES, cursor: null };
    const { store, target } = await openFor(warehouse, options, PIPELINE);
    try {
      const state = { pipeline: PIPELINE, stream: 't', state: { at: 1 }, refresh: null };
      const outcome = await store.commit(target, files, state).then(
        (counts) => ({ counts }),
        (error: unknown) => ({ error }),
      );
      return { ...outcome, kept: (await store.loadStates(PIPELINE)).states.get('t')?.state ?? null };
    } finally {
      await store.close();
    }
  }

  test('has all of its rows, each once, and its state', async () => {
    const files = [
      file('1', ['{"id":"a","name":"x"}', '{"id":"b"}']),
      file('2', ['{"id":"a","NAME":"y"}', '{"id":"c"}']),
    ];
    expect(await commit(files)).toEqual({ counts: { inserted: 3, updated: 1, marked: 0 }, kept: { at: 1 } });
    expect((await warehouse.rows('t', { id: 'text' })).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });

  test('keeps no state where one portion fails, and is right when it comes again', async () => {
    const first = file('1', ['{"id":"a"}', '{"id":"b"}']);
    const broken = file('2', ['{"id":']);
    expect(await commit([first, broken])).toMatchObject({ error: expect.any(Error), kept: null });
    expect(await commit([first, file('2', ['{"id":"c"}'])])).toMatchObject({ kept: { at: 1 } });
    expect((await warehouse.rows('t', { id: 'text' })).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });
});
