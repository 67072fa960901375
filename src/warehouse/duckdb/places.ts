import { isRefresh, sideSuffix, startsAnew } from '../refresh.js';
import type { Target } from '../target.js';
import type { Database } from './database.js';
import { tablesLike } from './sql/schema.js';
import * as sql from './sql/sql.js';
import type { TableKeeper } from './table-keeper.js';
import type { Tombstones } from './tombstones.js';

/** Where each stream's rows go in a run, and of which generation they are. Each is found once. */
export class Places {
  readonly #db: Database;
  readonly #tables: TableKeeper;
  readonly #tombstones: Tombstones;
  readonly #isRaw: boolean;
  #placed = new Map<Target, Target>();
  #places = new Map<Target, Target>();

  constructor(db: Database, tables: TableKeeper, tombstones: Tombstones, isRaw: boolean) {
    this.#db = db;
    this.#tables = tables;
    this.#tombstones = tombstones;
    this.#isRaw = isRaw;
  }

  /** @returns takes back what is found out from now on, when the transaction in which that happens is undone */
  mark(): () => void {
    const [placed, places] = [new Map(this.#placed), new Map(this.#places)];
    return () => {
      this.#placed = placed;
      this.#places = places;
    };
  }

  /** The stream with the columns of its table (a raw one has none of the stream's), and with its generation. */
  async placed(target: Target): Promise<Target> {
    const known = this.#placed.get(target);
    if (known) return known;
    const placed = this.#isRaw ? { ...target } : await this.#tables.placed(target);
    if (!target.hasGeneration && !startsAnew(target)) placed.generation = await this.newestGeneration(target);
    this.#placed.set(target, placed);
    return placed;
  }

  /** Where the rows of a placed stream go: into its table, or in a refresh into a table beside it. */
  async of(placed: Target): Promise<Target> {
    const known = this.#places.get(placed) ?? (await this.#find(placed));
    this.#places.set(placed, known);
    return known;
  }

  /** The highest generation that a table's rows have, or its deleted ones had; 0 where there is no table. */
  async newestGeneration(target: Target): Promise<number> {
    const deleted = await this.#tombstones.newestGeneration(target);
    const columns = await this.#tables.columns(target);
    // Another program's table need not have the column; it is refused when it comes to writing.
    if (!columns.some(({ name }) => name.toLowerCase() === '_airbyte_generation_id')) return deleted;
    return Math.max(deleted, await this.#db.count(sql.newestGeneration(target)));
  }

  async #find(target: Target): Promise<Target> {
    if (!isRefresh(target)) return target;
    const side = sideOf(target);
    if (startsAnew(target)) {
      // What an attempt that died has left there is not ours.
      await this.#db.run(sql.dropTable(side));
      return side;
    }
    await this.#dropOlderSides(target, side);
    if ((await this.#tables.columns(side)).length > 0) return side;
    if ((await this.#tables.columns(target)).length === 0) return target.mode === 'overwrite' ? side : target;
    return (await this.#db.count(sql.countOldGenerations(target))) > 0 ? side : target;
  }

  /** Those that refreshes of older generations have left, which were given up. */
  async #dropOlderSides({ schema, generation }: Target, side: Target): Promise<void> {
    const base = side.table.slice(0, side.table.lastIndexOf('_') + 1);
    for (const { name } of await this.#db.rows(tablesLike({ schema, table: base }))) {
      const older = String(name).slice(base.length);
      if (!/^\d+$/.test(older) || Number(older) >= generation) continue;
      await this.#db.run(sql.dropTable({ schema, table: String(name) }));
    }
  }
}

const sides = new WeakMap<Target, Target>();

/** A stream with the table beside its own, in which a refresh is collected. */
export function sideOf(target: Target): Target {
  const side = sides.get(target) ?? { ...target, table: target.table + sideSuffix(target), cleared: [] };
  sides.set(target, side);
  return side;
}

/** The side table of another generation of the stream's. */
export function sideOfGeneration(target: Target, generation: number): Target {
  return sideOf({ ...target, generation, minimumGeneration: generation });
}
