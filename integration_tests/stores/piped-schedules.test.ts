import { DuckDbWarehouse } from '../support/duckdb-warehouse.js';
import { TestFolder } from '../support/processes/command.js';
import { pipedWay } from '../support/schedules/piped-way.js';
import { playAll } from '../support/schedules/play-all.js';
import { BEHIND_ROWS, playOnTable, tableSchedules } from '../support/schedules/table-schedule.js';

playAll(
  'read | write: whatever happens to the portal, and wherever either is killed, the table is what the portal has',
  tableSchedules({ modes: ['append_dedup', 'append_dedup', 'append'], contacts: 60, rounds: 6, breaks: BEHIND_ROWS }),
  7,
  async (schedule) => {
    const warehouse = new DuckDbWarehouse();
    const folder = new TestFolder();
    try {
      await playOnTable(schedule, warehouse, (sandbox) =>
        pipedWay(sandbox, schedule, { ...warehouse.destination(), spool_dir: folder.path }, folder),
      );
    } finally {
      folder.remove();
      await warehouse.end();
    }
  },
);
