import { isRefresh, sideSuffix, startsAnew } from '../refresh.js';
import type { Target } from '../target.js';
import { isGone, runName } from './run-name.js';
import type { Steps } from './session/steps.js';
import type { TableForm } from './sql/forms.js';
import { withSuffix } from './sql/quote.js';
import * as sql from './sql/tables.js';
import type { TableKeeper } from './table-keeper.js';
import type { Tombstones } from './tombstones.js';

/** Where each stream's rows go in a run, and of which generation they are. Each is found once. */
export class Places {
  readonly #tables: TableKeeper;
  readonly #tombstones: Tombstones;
  readonly #form: TableForm;
  readonly #run: string;
  readonly #isAlone: boolean;
  readonly #placed = new Map<Target, Promise<Target>>();
  readonly #places = new Map<Target, Promise<Target>>();

  /** @param run the run's id @param isAlone whether no other run writes to the same tables, as with a pipeline's lease */
  constructor(tables: TableKeeper, tombstones: Tombstones, form: TableForm, run: string, isAlone: boolean) {
    this.#run = run;
    this.#isAlone = isAlone;
    this.#tables = tables;
    this.#tombstones = tombstones;
    this.#form = form;
  }

  /** The stream with the columns of its table (a raw one has none of the stream's), and with its generation. */
  placed(steps: Steps, target: Target): Promise<Target> {
    return remembered(this.#placed, target, () => this.#place(steps, target));
  }

  /** Where the rows of a placed stream go: into its table, or in a refresh into a table beside it. */
  of(steps: Steps, placed: Target): Promise<Target> {
    return remembered(this.#places, placed, () => this.#find(steps, placed));
  }

  /** The side table of a stream that this run has begun to fill; null where it has none. */
  async begun(target: Target): Promise<Target | null> {
    const placed = await this.#placed.get(target);
    const place = placed && (await this.#places.get(placed));
    return place === undefined || place === placed ? null : place;
  }

  /** The highest generation that a table's rows have, or its deleted ones had; 0 where there is no table. */
  async newestGeneration(steps: Steps, target: Target): Promise<number> {
    // What hubflake did not make is refused here: it need not have the column.
    const table = await this.#tables.placed(steps, this.#form.tableOf(target));
    const deleted = await this.#tombstones.newestGeneration(steps, target);
    if (!(await this.#tables.isThere(steps, table))) return deleted;
    const [row] = await steps.run(sql.newestGeneration(this.#tables.fullName(table)));
    return Math.max(Number(row?.NEWEST ?? 0), deleted);
  }

  async #place(steps: Steps, target: Target): Promise<Target> {
    const { generation, minimumGeneration, hasGeneration } = target;
    const placed = this.#form.hasView ? { ...target } : await this.#tables.placed(steps, target);
    // The columns may have been found before a refresh began.
    Object.assign(placed, { generation, minimumGeneration, hasGeneration });
    return placed;
  }

  async #find(steps: Steps, target: Target): Promise<Target> {
    if (!isRefresh(target)) return target;
    if (startsAnew(target)) return this.#beginSide(steps, target);
    const side = sideOf(target);
    await this.#dropOlderSides(steps, target, side);
    if (await this.#tables.isThere(steps, side)) return side;
    if (!(await this.#tables.isThere(steps, target))) return target.mode === 'overwrite' ? side : target;
    const [row] = await steps.run(sql.countOldGenerations(target, this.#tables.fullName(target)));
    return Number(row?.OLD ?? 0) > 0 ? side : target;
  }

  /**
   * A side table that is begun anew, and is this run's alone: another that runs as well, or wakes and tidies up, has its own. What
   * runs that died have left is dropped.
   */
  async #beginSide(steps: Steps, target: Target): Promise<Target> {
    const { table } = sideOf(target);
    for (const name of await this.#tables.namesLike(steps, target, table)) {
      if (!this.#isAlone && !isGone(name.slice(table.length + 1))) continue;
      await steps.tidy(sql.dropTable(this.#tables.fullName({ ...target, table: name })));
    }
    return { ...sideOf(target), table: withSuffix(table, `_${runName(this.#run)}`) };
  }

  /** Those that refreshes of older generations have left, which were given up. */
  async #dropOlderSides(steps: Steps, target: Target, side: Target): Promise<void> {
    const base = side.table.slice(0, side.table.lastIndexOf('_') + 1);
    for (const name of await this.#tables.namesLike(steps, target, base)) {
      const generation = name.slice(base.length);
      if (!/^\d+$/.test(generation) || Number(generation) >= target.generation) continue;
      await steps.tidy(sql.dropTable(this.#tables.fullName({ schema: target.schema, table: name })));
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

const sides = new WeakMap<Target, Target>();

/** A stream with the table beside its own, in which a refresh is collected. */
export function sideOf(target: Target): Target {
  const side = sides.get(target) ?? {
    ...target,
    table: withSuffix(target.table, sideSuffix(target).toUpperCase()),
    cleared: [],
  };
  sides.set(target, side);
  return side;
}

/** The side table of another generation of the stream's. */
export function sideOfGeneration(target: Target, generation: number): Target {
  return sideOf({ ...target, generation, minimumGeneration: generation });
}
