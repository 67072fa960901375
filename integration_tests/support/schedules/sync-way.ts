import { runSync } from '../../../src/commands/sync/run-sync.js';
import { parsePipelineConfig } from '../../../src/config/pipeline.js';
import type { Sandbox } from '../../../src/sandbox/server.js';
import { contactsSource, FAST } from '../fast-source.js';
import { type Lifetime, QUICK } from '../processes/lifetime.js';
import type { TableSchedule, Way } from './table-schedule.js';

/** Where `sync` writes to. */
interface Into {
  /** The options of a destination, as a user writes them. */
  destination: object;
  /** Whether a connection that is lost is of no consequence, since all is done again. */
  isHealed: boolean;
  /** What is to be done once a process is gone that was broken off. */
  afterEnd?: () => Promise<void>;
}

/** `sync`, in this process. */
export function syncWay(
  sandbox: Sandbox,
  schedule: TableSchedule,
  { destination, isHealed, afterEnd = async () => undefined }: Into,
): Way {
  const { mode, batch } = schedule;
  const config = parsePipelineConfig({
    name: 'crm',
    source: contactsSource(sandbox, schedule),
    destination,
    streams: [
      { name: 'contacts', destination_sync_mode: mode, ...(mode === 'overwrite' ? { sync_mode: 'full_refresh' } : {}) },
    ],
  });
  Object.assign(config.source, FAST);
  Object.assign(config.destination.loader, { flushBytes: batch.bytes });
  return {
    async run(life: Lifetime, refresh: boolean) {
      const mayFail = () => life.isKilled || (life.isBroken && !isHealed);
      try {
        const { errors } = await runSync(config, life.end, refresh ? ['contacts'] : [], QUICK);
        const [first] = errors;
        if (first && !mayFail()) throw new Error(first.message);
        return !first && !life.isKilled;
      } catch (error) {
        if (!mayFail()) throw error;
        return false;
      } finally {
        if (life.isBroken) await afterEnd();
      }
    },
  };
}
