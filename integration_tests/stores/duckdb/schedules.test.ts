import { DuckDbWarehouse } from '../../support/duckdb-warehouse.js';
import { playAll } from '../../support/schedules/play-all.js';
import { syncWay } from '../../support/schedules/sync-way.js';
import { playOnTable, tableSchedules } from '../../support/schedules/table-schedule.js';

const schedules = tableSchedules({
  modes: ['append_dedup', 'append_dedup', 'append_dedup', 'append', 'overwrite'],
  contacts: 130,
  rounds: 5,
});

playAll(
  'sync into DuckDB: whatever happens to the portal, and wherever a run is killed, the table is what the portal has',
  schedules,
  12,
  async (schedule) => {
    const warehouse = new DuckDbWarehouse();
    try {
      await playOnTable(schedule, warehouse, async (sandbox) =>
        syncWay(sandbox, schedule, {
          destination: { ...warehouse.destination(), spool_dir: warehouse.folder },
          isHealed: false,
        }),
      );
    } finally {
      await warehouse.end();
    }
  },
);
