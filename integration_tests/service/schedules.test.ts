import { DuckDbWarehouse } from '../support/duckdb-warehouse.js';
import { playAll } from '../support/schedules/play-all.js';
import { serviceWay } from '../support/schedules/service-way.js';
import { playOnTable, tableSchedules } from '../support/schedules/table-schedule.js';

const schedules = tableSchedules({ modes: ['append_dedup', 'append_dedup', 'append'], contacts: 130, rounds: 6 });

playAll(
  'rounds of a service: whatever happens to the portal, and wherever one is killed, the table is what the portal has',
  schedules,
  8,
  async (schedule) => {
    const warehouse = new DuckDbWarehouse();
    try {
      await playOnTable(schedule, warehouse, async (sandbox) =>
        serviceWay(sandbox, schedule, { ...warehouse.destination(), spool_dir: warehouse.folder }),
      );
    } finally {
      await warehouse.end();
    }
  },
);
