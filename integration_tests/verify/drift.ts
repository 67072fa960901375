import type { Sandbox } from '../../src/sandbox/server.js';
import type { TestWarehouse } from '../support/test-warehouse.js';

const DAY = 86_400_000;

/** How a table and a portal come to differ in one contact. */
export const DRIFTS = [
  'row deleted',
  'row made up',
  'row of an older version',
  'row marked as archived',
  'mark taken away',
  'record erased',
  'record archived long ago',
  'record edited long ago',
  'record created long ago',
  'record merged long ago',
] as const;
export type Drift = (typeof DRIFTS)[number];

/** What a verification should say of it. */
export interface Planted {
  missing: Set<string>;
  stale: Set<string>;
  ghosts: Set<string>;
}

/** Makes a table of contacts, in the layout `columns`, and its portal differ. Each contact differs in one way. */
export class DriftPlanter {
  readonly planted: Planted = { missing: new Set(), stale: new Set(), ghosts: new Set() };
  readonly #warehouse: TestWarehouse;
  readonly #sandbox: Sandbox;
  readonly #archivedIds: readonly string[];
  readonly #used = new Set<string>();
  #madeUp = 7_000_000_000;

  /** @param archived contacts whose rows say that they are archived */
  constructor(warehouse: TestWarehouse, sandbox: Sandbox, archived: readonly string[] = []) {
    this.#warehouse = warehouse;
    this.#sandbox = sandbox;
    this.#archivedIds = archived;
  }

  /** @param pick chooses the contact @param daysAgo when what happened in HubSpot did */
  async plant(drift: Drift, pick: number, daysAgo: number): Promise<void> {
    const { portal } = this.#sandbox;
    const { missing, stale, ghosts } = this.planted;
    const id = drift === 'mark taken away' ? this.#archived(pick) : this.#live(pick);
    const at = portal.clock.now() - daysAgo * DAY - pick;
    switch (drift) {
      case 'row deleted':
        missing.add(id);
        return this.#sql(`DELETE FROM {table} WHERE ${this.#is(id)}`);
      case 'row made up': {
        this.#madeUp += 1;
        ghosts.add(String(this.#madeUp));
        const [key, time] = [this.#name('id'), this.#name('updated_at')];
        const columns = ['_airbyte_raw_id', '_airbyte_extracted_at', '_airbyte_generation_id', 'archived'].map((name) =>
          this.#name(name),
        );
        return this.#sql(
          `INSERT INTO {table} (${key}, ${time}, ${columns.join(', ')}) VALUES ('${this.#madeUp}', '${iso(at)}', 'made up', '${iso(at)}', 0, FALSE)`,
        );
      }
      case 'row of an older version':
        stale.add(id);
        return this.#sql(
          `UPDATE {table} SET ${this.#name('updated_at')} = '${iso(Date.UTC(2009, 0, 1) + pick)}' WHERE ${this.#is(id)}`,
        );
      case 'row marked as archived':
        missing.add(id);
        return this.#sql(`UPDATE {table} SET ${this.#name('archived')} = TRUE WHERE ${this.#is(id)}`);
      case 'mark taken away':
        ghosts.add(id);
        return this.#sql(`UPDATE {table} SET ${this.#name('archived')} = FALSE WHERE ${this.#is(id)}`);
      case 'record erased':
        ghosts.add(id);
        return portal.erase('contacts', id);
      case 'record archived long ago':
        ghosts.add(id);
        return portal.archive('contacts', id, { at });
      case 'record edited long ago':
        stale.add(id);
        return portal.edit('contacts', id, { firstname: `Edited ${pick}` }, { at });
      case 'record created long ago':
        missing.add(this.#isUsed(portal.create('contacts', { firstname: `Created ${pick}` }, { at })));
        return;
      case 'record merged long ago': {
        const other = this.#live(pick + 1);
        missing.add(this.#isUsed(portal.merge('contacts', id, other, { at })));
        for (const loser of [id, other]) ghosts.add(loser);
      }
    }
  }

  /** How many rows and records differ. */
  get size(): number {
    const { missing, stale, ghosts } = this.planted;
    return missing.size + stale.size + ghosts.size;
  }

  #live(pick: number): string {
    return this.#choose(this.#sandbox.portal.truth('contacts').live, pick);
  }

  #archived(pick: number): string {
    return this.#choose(
      this.#archivedIds.map((id) => ({ id })),
      pick,
    );
  }

  #choose(records: readonly { id: string }[], pick: number): string {
    const free = records.filter(({ id }) => !this.#used.has(id));
    const id = free[pick % free.length]?.id as string;
    this.#used.add(id);
    return id;
  }

  /** What has come in the portal differs already. */
  #isUsed(id: string): string {
    this.#used.add(id);
    return id;
  }

  #name(field: string): string {
    return `"${this.#warehouse.name(field)}"`;
  }

  #is(id: string): string {
    return `${this.#name('id')} = '${id}'`;
  }

  #sql(statement: string): Promise<void> {
    return this.#warehouse.execute(statement, 'contacts');
  }
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
