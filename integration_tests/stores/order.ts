import fc from 'fast-check';
import { freshForEach } from '../support/fresh.js';
import { loadBatches } from '../support/loading.js';
import { randomRuns } from '../support/schedules/random-runs.js';
import {
  expected,
  type History,
  histories,
  newest,
  permutations,
  propertiesOf,
  type Run,
  recordOf,
  type Version,
} from '../support/schedules/versions.js';
import type { TestWarehouse } from '../support/test-warehouse.js';

/**
 * One order decides what is in a table, however its versions come: batches, repetitions, reorderings, schemas that change, runs
 * that die. Held against a model, in every store. `HUBFLAKE_SEED` plays the histories of a failure again.
 */
export function orderBehaviours(warehouse: TestWarehouse, counts: { histories: number; permutations: number }): void {
  const fresh = freshForEach(warehouse);
  let tables = 0;

  /** Plays a history into a table of its own. @returns the table's name */
  async function play(history: History): Promise<string> {
    tables += 1;
    const stream = `t${tables}`;
    for (const run of history.runs) await playRun(history, run, stream);
    return stream;
  }

  async function playRun({ pool, keys, hasCursor, tableForm }: History, { shape, batches, dies }: Run, stream: string) {
    const options = {
      stream,
      properties: propertiesOf(shape),
      key: [...keys],
      cursor: hasCursor ? 'updatedAt' : null,
      tableForm,
    };
    const records = batches.map((batch) => batch.map((i) => recordOf(pool[i] as Version, shape)));
    const load = (some: typeof records) => loadBatches(warehouse, fresh.folder, some, options);
    if (dies === null) {
      await load(records);
      return;
    }
    // What a run that dies has committed is what is left of it; no state behind that came out, so it is read again.
    await load(records.slice(0, dies.at + (dies.behind ? 1 : 0)));
    await load(records.slice(dies.at));
  }

  async function contents(stream: string, tableForm: 'typed' | 'raw' = 'typed'): Promise<number[]> {
    if (!(await warehouse.tables()).includes(warehouse.name(stream))) return [];
    const view = tableForm === 'raw' ? `${stream}_VIEW` : stream;
    const rows = await warehouse.rows(view, { content: 'number' });
    return rows.map(({ content }) => Number(content)).sort((a, b) => a - b);
  }

  /** The field that not every run knew, of the rows of runs that did: its column depends on the types that it had. */
  async function extras(stream: string, history: History): Promise<unknown[]> {
    if (history.tableForm === 'raw') {
      const rows = await warehouse.rows(stream, { PAYLOAD: 'json' });
      return rows
        .map(({ PAYLOAD }) => PAYLOAD as { content: number; extra?: unknown })
        .map(({ content, extra }) => [content, extra ?? null]);
    }
    const columns = (await warehouse.columns(stream)).filter((name) => name.toLowerCase().startsWith('extra'));
    const rows = await warehouse.rows(stream, {
      content: 'number',
      ...Object.fromEntries(columns.map((name) => [name, 'text' as const])),
    });
    return rows.map(({ content, ...values }) => [
      content,
      Object.values(values).find((value) => value !== null) ?? null,
    ]);
  }

  test('whatever comes in whichever order, and however often, each row is its newest version', async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const stream = await play(history);
        const rows = expected(history);
        expect(await contents(stream, history.tableForm)).toEqual(rows.map(({ content }) => content));
        if (rows.length === 0) return;
        const found = (await extras(stream, history)) as [number, unknown][];
        expect(new Map(found.map(([content, extra]) => [content, textOf(extra)]))).toEqual(
          new Map(rows.map(({ content, shape }) => [content, extraOf(content, shape)])),
        );
      }),
      randomRuns(counts.histories),
    );
  });

  test('twice, shuffled or split otherwise, a batch makes the same table', async () => {
    await fc.assert(
      fc.asyncProperty(permutations, async ([one, other]) => {
        const wanted = newest(one);
        expect(await contents(await play(one))).toEqual(wanted);
        expect(await contents(await play(other))).toEqual(wanted);
      }),
      randomRuns(counts.permutations),
    );
  });
}

function textOf(extra: unknown): string | null {
  if (extra === null) return null;
  return Number.isNaN(Number(extra)) ? String(extra) : String(Number(extra));
}

function extraOf(content: number, shape: string): string | null {
  if (shape === 'plain') return null;
  return shape === 'text' ? `x${content}` : String(content);
}
