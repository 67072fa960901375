import type { JsonObject } from '../../src/protocol/messages.js';
import { Loader } from '../../src/warehouse/loader/loader.js';
import type { StreamResult } from '../../src/warehouse/loader/stream-load.js';
import { openStore } from '../../src/warehouse/open-store.js';
import { type Target, targetsOf, type WriteMode } from '../../src/warehouse/target.js';
import type { TestFolder } from './processes/command.js';
import type { TestWarehouse } from './test-warehouse.js';

/** A record on its way to a warehouse. */
export interface Extracted {
  data: JsonObject;
  /** Epoch ms. */
  emittedAt: number;
}

export interface LoadOptions {
  stream: string;
  properties: JsonObject;
  /** What the json_schema says beside them. */
  keywords?: JsonObject;
  mode?: WriteMode;
  tableForm?: 'typed' | 'raw';
  key?: string[];
  cursor?: string | null;
  hardDeletes?: boolean;
  generation?: number;
  minimumGeneration?: number;
  /** Whose states are kept, one behind each batch: `{ batch: its number }`. */
  pipeline?: string;
  /** Whether the source finishes the stream. */
  complete?: boolean;
}

/** The store of a warehouse, and a stream, in append_dedup unless it says otherwise, as its table sees it. */
export async function openFor(warehouse: TestWarehouse, options: LoadOptions, pipeline: string | null = null) {
  const { stream, properties, keywords, mode = 'append_dedup', tableForm = 'typed', hardDeletes = true } = options;
  const { key = ['id'], cursor = 'updatedAt' } = options;
  const store = await openStore(warehouse.config({ tableForm }), pipeline);
  const configured = {
    stream: { name: stream, json_schema: { properties, ...keywords }, supported_sync_modes: ['incremental' as const] },
    sync_mode: 'incremental' as const,
    destination_sync_mode: mode,
    primary_key: key.map((field) => [field]),
    cursor_field: cursor === null ? [] : [cursor],
    generation_id: options.generation ?? null,
    minimum_generation_id: options.minimumGeneration ?? null,
  };
  const schema = store.defaultSchema;
  const targets = targetsOf([configured], { schema, tableName: null, tableForm, hardDeletes, names: store.names });
  return { store, target: targets[0] as Target };
}

/** One run of `write`, or of a pipeline, in this process: batches that are each committed by themselves. Throws what the stream failed with. */
export async function loadBatches(
  warehouse: TestWarehouse,
  folder: TestFolder,
  batches: readonly (readonly Extracted[])[],
  options: LoadOptions,
): Promise<StreamResult> {
  const { stream, pipeline = null } = options;
  const { store, target } = await openFor(warehouse, options, pipeline);
  try {
    const loader = new Loader(store, [target], {
      spoolDir: folder.path,
      flushBytes: 1,
      flushMilliseconds: 1e6,
      spoolMaxBytes: 1e9,
      pipeline,
    });
    try {
      for (const [index, batch] of batches.entries()) {
        await loader.records(
          stream,
          batch.map(({ data, emittedAt }) => ({ data: Buffer.from(JSON.stringify(data)), emittedAt, changes: null })),
        );
        if (pipeline === null) continue;
        await loader.state({ stream, state: { batch: index }, isAhead: false, release: () => undefined });
      }
      if (options.complete !== false) loader.complete(stream);
      const [result] = await loader.finish();
      if (result?.error) throw result.error;
      return result as StreamResult;
    } finally {
      loader.close();
    }
  } finally {
    await store.close();
  }
}
