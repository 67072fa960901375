import type { KnownRecord, KnownRecords } from '../../streams/core/known-records.js';
import { epochMs } from '../../time.js';
import type { Loader } from '../../warehouse/loader/loader.js';
import { liveRowsAfter } from '../../warehouse/verify/live-rows.js';

/** Rows asked for in one query. */
const ROWS_AT_ONCE = 50_000;

/** The live rows of a stream's table. Those that are spooled are not among them. */
export class LiveRows implements KnownRecords {
  readonly #loader: Loader;
  readonly #stream: string;

  constructor(loader: Loader, stream: string) {
    this.#loader = loader;
    this.#stream = stream;
  }

  async *after(id: string): AsyncGenerator<KnownRecord> {
    for (let last = id; ; ) {
      const rows = await this.#rowsAfter(last);
      yield* rows;
      const end = rows.at(-1);
      if (!end || rows.length < ROWS_AT_ONCE) return;
      last = end.id;
    }
  }

  #rowsAfter(id: string): Promise<KnownRecord[]> {
    return this.#loader.read(this.#stream, async (reader) => {
      const rows = reader ? await reader.rows(liveRowsAfter(reader.table, id, ROWS_AT_ONCE)) : [];
      return rows.map((row) => ({
        id: String(row.id),
        version: row.version === null || row.version === undefined ? null : epochMs(Number(row.version)),
      }));
    });
  }
}
