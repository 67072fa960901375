import { readdirSync } from 'node:fs';
import type { CommitStep } from '../../src/commit-steps.js';
import type { Sandbox } from '../../src/sandbox/server.js';
import { hubflake, type TestFolder } from '../support/processes/command.js';
import { hubflakeHere } from '../support/processes/here.js';

/** What every store must be able to survive: `sync` killed at each step of a commit, and run again. */

export type Mode = 'append_dedup' | 'append' | 'overwrite';
export const TOKEN = 'pat-na1-of-the-sandbox';

/** What a test has around it. */
export interface World {
  sandbox: Sandbox;
  folder: TestFolder;
  /** The destination's configuration. */
  destination: object;
  /** The ids in the table, sorted, each as often as it is there. */
  ids(): Promise<string[]>;
  /** The tables in the schema, in small letters, that of the states left out. */
  tables(): Promise<string[]>;
}

/** Writes a pipeline's configuration: contacts in one of the modes, a commit every second. @returns its path */
export function pipelineFile(folder: TestFolder, destination: object, mode: Mode, name = 'crm'): string {
  return folder.write(`${name}-${mode}.json`, {
    name,
    source: {
      credentials: { access_token: TOKEN },
      objects: [{ object_type: 'contacts' }],
      layout: 'columns',
      deletes: 'off',
    },
    destination: { ...destination, flush_seconds: 1, spool_dir: folder.path },
    streams: [
      { name: 'contacts', destination_sync_mode: mode, ...(mode === 'overwrite' ? { sync_mode: 'full_refresh' } : {}) },
    ],
  });
}

/** The ids of the live contacts, as the portal has them. */
export function liveIds(sandbox: Sandbox): string[] {
  return sandbox.portal
    .truth('contacts')
    .live.map(({ id }) => id)
    .sort();
}

/** @param points the steps at which each mode is killed, in the store's own words */
export function crashBehaviours({ world, points }: { world: () => World; points: Record<Mode, CommitStep[]> }): void {
  const cases = Object.entries(points).flatMap(([mode, each]) => each.map((point) => [mode as Mode, point] as const));

  test.each(cases)('%s, killed at %s and run again: every record once', async (mode, point) => {
    const { sandbox, folder, destination, ids, tables } = world();
    const path = pipelineFile(folder, destination, mode);
    const killed = await hubflake(['sync', '--json', '--config', path], {
      environment: { HUBSPOT_BASE_URL: sandbox.url, HUBFLAKE_CRASH_AT: point },
    });
    expect(killed.signal).toBe('SIGKILL');
    const edited = liveIds(sandbox)[0] as string;
    sandbox.portal.edit('contacts', edited, { firstname: 'Edited' });
    const again = await hubflakeHere(['sync', '--json', '--config', path], {
      environment: { HUBSPOT_BASE_URL: sandbox.url },
    });
    expect(again).toMatchObject({ code: 0 });
    expect(readdirSync(folder.path).filter((name) => name.startsWith('hubflake-'))).toEqual([]);
    expect(await tables()).toEqual(['contacts']);
    // An edited record of an append is there in both of its versions, where the first was committed.
    const found = await ids();
    expect([...new Set(found)]).toEqual(liveIds(sandbox));
    expect(found.filter((id) => id !== edited)).toEqual(liveIds(sandbox).filter((id) => id !== edited));
  });
}
