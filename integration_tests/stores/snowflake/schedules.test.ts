import { TestFolder } from '../../support/processes/command.js';
import { orphanLease } from '../../support/processes/orphan-lease.js';
import { playAll } from '../../support/schedules/play-all.js';
import { syncWay } from '../../support/schedules/sync-way.js';
import { AT_EDGES, playOnTable, tableSchedules } from '../../support/schedules/table-schedule.js';
import { StandInWarehouse } from '../../support/stand-in/snowflake-warehouse.js';

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
