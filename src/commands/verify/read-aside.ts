import type { PipelineConfig } from '../../config/pipeline.js';
import type { HubflakeError } from '../../errors.js';
import { log } from '../../log.js';
import type { Portal } from '../../streams/portal.js';
import { readStreams } from '../../streams/read.js';
import { Loader } from '../../warehouse/loader/loader.js';
import { tableName } from '../../warehouse/names.js';
import type { Reader, Store } from '../../warehouse/store.js';
import type { Target } from '../../warehouse/target.js';
import { LoaderSink } from '../sinks/loader-sink.js';

/** Where a stream was read to. */
export interface Aside {
  /** null: it has no records. */
  reader: Reader | null;
  /** Why it could not be read. */
  error: HubflakeError | null;
}

/**
 * Reads streams whole into tables beside their own, hands these to `body`, and drops them, whatever happens. No state is kept. Streams that are read
 * from the same calls are read together.
 *
 * @param body also takes the fewest calls that could read them
 */
export async function readAside(
  { portal, store, config }: { portal: Portal; store: Store; config: PipelineConfig },
  targets: readonly Target[],
  body: (asides: ReadonlyMap<string, Aside>, least: number) => Promise<void>,
): Promise<void> {
  const beside = targets.map((target): Target => {
    const table = tableName(`_hubflake_verify_${target.table}`, store.names);
    // Each record comes once; what is computed of several rows is no matter here.
    return { ...target, table, mode: 'append', validity: null };
  });
  const isRaw = config.destination.loader.tableForm === 'raw';
  // A verification that was killed may have left them.
  for (const target of beside) await store.remove(target, isRaw);
  const loader = new Loader(store, beside, { ...config.destination.loader, pipeline: null });
  try {
    const wanted = { mode: 'full_refresh' as const, state: null, optional: false };
    const streams = beside.map(({ stream }) => ({ ...wanted, name: stream }));
    const read = await readStreams(portal, streams, new LoaderSink(loader));
    const errors = new Map(read.failures.map(({ stream, error }) => [stream, error]));
    for (const { stream, error } of await loader.finish()) if (error) errors.set(stream, error);
    const asides = new Map<string, Aside>();
    for (const target of beside) {
      const error = errors.get(target.stream) ?? null;
      asides.set(target.stream, { reader: error ? null : await store.reader(target), error });
    }
    // Those of the portal itself are no stream's.
    await body(asides, read.leastCalls - portal.leastCalls - portal.parents.leastCalls);
  } finally {
    loader.close();
    for (const target of beside) {
      await store
        .remove(target, isRaw)
        .catch((error: Error) => log.warn(`The table ${target.table} was left behind: ${error.message}`));
    }
  }
}
