import { playAll } from '../support/schedules/play-all.js';
import { play, schedules } from '../support/schedules/schedule.js';

/** The random schedules of reading/schedules.test.ts once more, where lists are read from several places. */
const chains = { askAfter: 100, worthDividing: 150, leastLeft: 30, most: 2 };

playAll(
  'whatever happens to the portal, and wherever a sync is killed, what came out is what the portal has',
  schedules.map((schedule) => ({ ...schedule, selection: 'all' as const, chains })),
  20,
  play,
);
