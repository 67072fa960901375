import { ServiceSurroundings } from '../../../src/commands/service/service-surroundings.js';
import { runJob } from '../../../src/commands/sync/run-sync.js';
import type { Surroundings } from '../../../src/commands/sync/surroundings.js';
import { parsePipelineConfig } from '../../../src/config/pipeline.js';
import type { Sandbox } from '../../../src/sandbox/server.js';
import { contactsSource, FAST } from '../fast-source.js';
import { type Lifetime, QUICK } from '../processes/lifetime.js';
import type { TableSchedule, Way } from './table-schedule.js';

/**
 * `sync --every`, in this process: each run is a round that reaches back a little, and one that reaches back by the whole lookback. States are in
 * memory from run to run, until one is killed.
 */
export function serviceWay(sandbox: Sandbox, schedule: TableSchedule, destination: object): Way {
  const { mode, batch } = schedule;
  const config = parsePipelineConfig({
    name: 'crm',
    source: contactsSource(sandbox, schedule),
    destination,
    streams: [{ name: 'contacts', destination_sync_mode: mode }],
  });
  Object.assign(config.source, FAST);
  Object.assign(config.destination.loader, { flushBytes: batch.bytes });
  let lasting = new ServiceSurroundings(config, 60_000, QUICK);
  // Some rounds pause at every so many states, as long readings do.
  let states = 0;
  const turn = () => () => {
    states += 1;
    return states % 7 === 0;
  };
  const round = async (life: Lifetime, refresh: boolean, recentMinutes: number | null) => {
    const surroundings: Surroundings = {
      // What is looked at now and then is looked at in each run, since each is compared.
      pace: { recentMinutes, isDue: () => true, looked: () => undefined, turn },
      openStore: () => lasting.openStore(),
      withClient: (signal, body) => lasting.withClient(signal, body),
      planning: (body) => lasting.planning(body),
      recall: (kept) => lasting.recall(kept),
      chosen: () => null,
      remember: (kept, closing, areKept) => lasting.remember(kept, closing, areKept),
      ended: (stream, end) => lasting.ended(stream, end),
      isNews: () => true,
    };
    const injected = QUICK;
    const job = { config, refresh: refresh ? ['contacts'] : [], injected, surroundings };
    return runJob(job, life.end);
  };
  return {
    async run(life: Lifetime, refresh: boolean) {
      const mayFail = () => life.isKilled || life.isBroken;
      try {
        const recent = await round(life, refresh, 2);
        let { errors, streams } = recent;
        for (let isComplete = false; !isComplete && errors.length === 0 && !life.isKilled; ) {
          ({ errors, streams } = await round(life, false, null));
          isComplete = streams.every(({ complete }) => complete);
        }
        const [first] = [...recent.errors, ...errors];
        if (first && !mayFail()) throw new Error(first.message);
        return !first && !life.isKilled;
      } catch (error) {
        if (!mayFail()) throw error;
        return false;
      } finally {
        // The client's connections are this process's own for the time of a run.
        await lasting.reconnect();
        if (life.isKilled) lasting = new ServiceSurroundings(config, 60_000, QUICK);
      }
    },
  };
}
