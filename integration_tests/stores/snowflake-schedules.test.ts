import { TestFolder } from '../support/command.js';
import { orphanLease } from '../support/orphan-lease.js';
import { playAll } from '../support/play-all.js';
import { StandInWarehouse } from '../support/snowflake-warehouse.js';
import { syncWay } from '../support/sync-way.js';
import { AT_EDGES, playOnTable, tableSchedules } from '../support/table-schedule.js';

const warehouse = new StandInWarehouse();
const folder = new TestFolder();
const schedules = tableSchedules({
  modes: ['append_dedup', 'append_dedup', 'append', 'append', 'overwrite'],
  contacts: 30,
  rounds: 4,
  breaks: AT_EDGES,
});

afterAll(async () => {
  folder.remove();
  await warehouse.end();
});

playAll(
  'sync into Snowflake: whatever happens to the portal, and wherever a run is killed or cut off, the table is what the portal has',
  schedules,
  3,
  (schedule) =>
    playOnTable(schedule, warehouse, async (sandbox) =>
      syncWay(sandbox, schedule, {
        destination: { ...warehouse.destination(), spool_dir: folder.path },
        isHealed: true,
        afterEnd: () => orphanLease(warehouse),
      }),
    ),
);
