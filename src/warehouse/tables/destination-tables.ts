import { isRefresh, sideSuffix, startsAnew } from '../refresh.js';
import type { Target } from '../target.js';
import type { Catalog } from './catalog.js';
import { type DestinationTable, ownTable, type TableName, type TableWrite, writeTo } from './destination-table.js';
import type { Tombstones } from './tombstones.js';

/** Resolves, once a run, into which table each stream's rows go, and of which generation they are. */
export class DestinationTables {
  /** A table's name with a suffix, as the warehouse can have it. */
  readonly #withSuffix: (table: string, suffix: string) => string;
  readonly #tombstones: Tombstones;
  #resolved = new Map<Target, Promise<DestinationTable>>();
  #generations = new Map<Target, Promise<number>>();

  constructor(withSuffix: (table: string, suffix: string) => string, tombstones: Tombstones) {
    this.#withSuffix = withSuffix;
    this.#tombstones = tombstones;
  }

  /** @returns a function that forgets what is found out from now on, for when the transaction is rolled back */
  mark(): () => void {
    const [resolved, generations] = [new Map(this.#resolved), new Map(this.#generations)];
    return () => {
      this.#resolved = resolved;
      this.#generations = generations;
    };
  }

  /** The table that the stream's rows go to: its own, or in a refresh one beside it. */
  resolve(catalog: Catalog, target: Target): Promise<DestinationTable> {
    return remembered(this.#resolved, target, () => this.#find(catalog, target));
  }

  /** The write of the stream's rows: to that table, and into its columns. */
  async writeOf(catalog: Catalog, target: Target): Promise<TableWrite> {
    const mapping = await catalog.mapColumns(target);
    return writeTo(target, mapping, await this.resolve(catalog, target));
  }

  /** The side table that this run has begun to fill; null where there is none. */
  async begunSide(target: Target): Promise<DestinationTable | null> {
    const destination = await this.#resolved.get(target);
    return destination?.isSide ? destination : null;
  }

  /** The generation of the stream's rows: the one that was given, or that of the table's newest rows. */
  generation(catalog: Catalog, target: Target): Promise<number> {
    return remembered(this.#generations, target, async () =>
      target.hasGeneration || startsAnew(target) ? target.generation : this.#newestGeneration(catalog, target),
    );
  }

  /**
   * The generation of a refresh that begins now. What the attempt before has collected beside the table is dropped.
   *
   * @param last the generation of that attempt; 0: there was none
   */
  async nextGeneration(catalog: Catalog, target: Target, last: number): Promise<number> {
    const generation = Math.max(last, await this.#newestGeneration(catalog, target)) + 1;
    if (last > 0) await catalog.drop(this.sideOf({ ...target, generation: last, minimumGeneration: last }));
    return generation;
  }

  /** The table beside the stream's own, in which a refresh is collected. */
  sideOf(target: Target): DestinationTable {
    return { schema: target.schema, table: this.#withSuffix(target.table, sideSuffix(target)), isSide: true };
  }

  /** The highest generation that the stream's rows have, or its deleted ones had. */
  async #newestGeneration(catalog: Catalog, target: Target): Promise<number> {
    const generation = await catalog.newestGeneration(target);
    return Math.max(generation, await this.#tombstones.newestGeneration(catalog, target));
  }

  async #find(catalog: Catalog, target: Target): Promise<DestinationTable> {
    const own = ownTable(target);
    if (!isRefresh(target)) return own;
    const side = this.sideOf(target);
    if (startsAnew(target)) return catalog.beginSide(side);
    await this.#dropOlderSides(catalog, side, target.generation);
    if (await catalog.isThere(side)) return side;
    if (!(await catalog.isThere(own))) return target.mode === 'overwrite' ? side : own;
    return (await catalog.countOlder(own, target.minimumGeneration)) > 0 ? side : own;
  }

  /** Drops the side tables of older refreshes, which were given up. */
  async #dropOlderSides(catalog: Catalog, side: TableName, generation: number): Promise<void> {
    const base = side.table.slice(0, side.table.lastIndexOf('_') + 1);
    for (const table of await catalog.namesLike({ schema: side.schema, table: base })) {
      const older = table.slice(base.length);
      if (!/^\d+$/.test(older) || Number(older) >= generation) continue;
      await catalog.drop({ schema: side.schema, table });
    }
  }
}

/** @returns what was found for a key before, or is found now; what failed is tried again */
function remembered<K, V>(known: Map<K, Promise<V>>, key: K, find: () => Promise<V>): Promise<V> {
  let found = known.get(key);
  if (!found) {
    found = find();
    known.set(key, found);
    found.catch(() => known.delete(key));
  }
  return found;
}
