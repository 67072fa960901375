import { randomBytes } from 'node:crypto';
import { InternalError } from '../errors.js';
import { log } from '../log.js';
import { BatchContents } from './loader/batch-contents.js';
import { SpoolFolder, type SpoolRecord, SpoolWriter } from './loader/spool.js';
import type { Store } from './store.js';
import { type Target, targetsOf } from './target.js';

/** What a probe needs of the configuration. */
export interface ProbeSettings {
  spoolDir: string;
  tableForm: 'typed' | 'raw';
}

/**
 * Tries everything that a sync does: spools records, creates a table of an unused name, inserts, merges, and drops it. Throws the error
 * of the first step that fails.
 */
export async function probe(store: Store, settings: ProbeSettings): Promise<void> {
  const [target] = targetsOf([stream()], {
    schema: store.defaultSchema,
    tableName: null,
    tableForm: settings.tableForm,
    hardDeletes: true,
    names: store.names,
  });
  if (!target) throw new InternalError('The stream of a check has no table.');
  await dropLeftovers(store, target);
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
    // The failed step is what matters; a table that stays is dropped by a later check.
    await store.remove(target, settings.tableForm === 'raw').catch((left: Error) => log.debug(left.message));
    throw error;
  } finally {
    folder.remove();
  }
  await store.remove(target, settings.tableForm === 'raw');
}

/** Drops the tables of checks that were killed, not of those that may still be running. */
async function dropLeftovers(store: Store, target: Target): Promise<void> {
  for (const table of (await store.findTables([])).keys()) {
    const [, made] = NAME.exec(table) ?? [];
    if (made === undefined || Date.now() / 1000 - Number.parseInt(made, 36) < LONGEST_CHECK_SECONDS) continue;
    log.info(`Dropping the table ${table} of a check that is gone.`);
    await store.remove({ ...target, table }, true).catch((left: Error) => log.debug(left.message));
  }
}

/** Tables of checks: when they were created, in seconds, and a random part. */
const NAME = /^_hubflake_check_([0-9a-z]+)_[0-9a-f]+$/i;
const LONGEST_CHECK_SECONDS = 3600;

function stream() {
  const name = `_hubflake_check_${Math.floor(Date.now() / 1000).toString(36)}_${randomBytes(4).toString('hex')}`;
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
