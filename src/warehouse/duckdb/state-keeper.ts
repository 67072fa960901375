import { type KeptTable, packColumns } from '../kept-table.js';
import type { Kept, StateToKeep } from '../store.js';
import type { TableName } from '../tables/destination-table.js';
import { keptOf } from '../tables/kept-states.js';
import type { Target } from '../target.js';
import type { Database } from './database.js';
import * as sql from './sql/sql.js';
import * as states from './sql/states.js';
import type { TableKeeper } from './table-keeper.js';

/** Keeps the states of pipelines beside their data. */
export class StateKeeper {
  readonly #db: Database;
  readonly #tables: TableKeeper;
  readonly #schema: string;
  readonly #form: KeptTable['form'];

  constructor(db: Database, tables: TableKeeper, schema: string, form: KeptTable['form']) {
    this.#db = db;
    this.#tables = tables;
    this.#schema = schema;
    this.#form = form;
  }

  async load(pipeline: string): Promise<Kept> {
    const isThere = (await this.#columns()).length > 0;
    return keptOf(isThere ? await this.#db.rows(states.loadStates(this.#schema)) : [], pipeline);
  }

  /** @param table what it is about from now on; undefined: as before */
  async keep(state: StateToKeep, table?: KeptTable | null): Promise<void> {
    await this.#make();
    const statement = states.keepState(this.#schema, state.refresh, table === undefined);
    await this.#db.run(statement, states.stateValues(state, table ?? null));
  }

  /** Creates the table of states, or adds the columns that one of an earlier version lacks. */
  async #make(): Promise<void> {
    const there = (await this.#columns()).map(({ name }) => name);
    if (states.STATE_COLUMNS.every((name) => there.includes(name))) return;
    await this.#db.run(sql.createSchema({ schema: this.#schema }));
    for (const statement of states.createStateTable(this.#schema)) await this.#db.run(statement);
  }

  #columns() {
    return this.#tables.columns({ schema: this.#schema, table: states.STATE_TABLE });
  }

  /** The table that a stream's state is about while its rows are in `holder`; undefined where that is not there. */
  async tableAt({ schema, table }: Target, holder: TableName): Promise<KeptTable | undefined> {
    const found = await this.#tables.table({ schema, table: holder.table });
    if (!found) return undefined;
    const { identity, columns } = found;
    return { schema, table, form: this.#form, holder: holder.table, identity, columns: packColumns(columns) };
  }
}
