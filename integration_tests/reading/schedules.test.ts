import { playAll } from '../support/schedules/play-all.js';
import { play, schedules } from '../support/schedules/schedule.js';

playAll(
  'whatever happens to the portal, and wherever a sync is killed, what came out is what the portal has',
  schedules,
  20,
  play,
);
