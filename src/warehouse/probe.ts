import { randomBytes } from 'node:crypto';
import { log } from '../log.js';
import { BatchContents } from './batch-contents.js';
import { SpoolFolder, type SpoolRecord, SpoolWriter } from './spool.js';
import type { Store } from './store.js';
import { type Target, targetsOf } from './target.js';

/** What a probe needs of the configuration. */
export interface ProbeSettings {
  spoolDir: string;
  tableForm: 'typed' | 'raw';
}

/**
 * Tries all that a sync does: spools records, makes a table of a name that nobody has, fills it, merges into it, and drops it.
 * Throws what the first step that fails throws.
 */
export async function probe(store: Store, settings: ProbeSettings): Promise<void> {
  const [target] = targetsOf([stream()], {
    schema: store.defaultSchema,
    tableName: null,
    tableForm: settings.tableForm,
    hardDeletes: true,
    names: store.names,
  }) as [Target];
  const compress = store.spoolIsCompressed;
  const folder = new SpoolFolder(settings.spoolDir);
  try {
    for (const [batch, value] of ['created', 'merged'].entries()) {
      const contents = new BatchContents(target, batch);
      const writer = new SpoolWriter(folder.nextFile(compress), { compress, batch });
      const given = record(value);
      contents.add(given.data);
      writer.add(given, 1);
      await store.commit(target, { files: [await writer.end()], contents }, []);
    }
  } catch (error) {
    // The step that failed is the news; a table that is left is told in its own time.
    await store.remove(target, settings.tableForm === 'raw').catch((left: Error) => log.debug(left.message));
    throw error;
  } finally {
    folder.remove();
  }
  await store.remove(target, settings.tableForm === 'raw');
}

function stream() {
  const name = `_hubflake_check_${randomBytes(6).toString('hex')}`;
  const properties = { id: { type: 'string' }, value: { type: 'string' } };
  return {
    stream: { name, json_schema: { properties }, supported_sync_modes: ['incremental' as const] },
    sync_mode: 'incremental' as const,
    destination_sync_mode: 'append_dedup' as const,
    primary_key: [['id']],
  };
}

function record(value: string): SpoolRecord {
  return { data: Buffer.from(JSON.stringify({ id: '1', value })), emittedAt: Date.now(), changes: null };
}
