import { mkdirSync, readdirSync } from 'node:fs';
import { liveIds, type Step, step } from '../../support/account/step.js';

/** 11. The driver encrypts a copy of each file before it uploads it: beside the file, in the spool, and gone with it. */

const LOOK_MS = 10;
/** How the driver calls a copy: the file's name, and a number of its own. */
const ENCRYPTED = /\/tmp[^/]*\/[^/]*#/;

export function upload(): void {
  step('11. the driver encrypts in the spool, and leaves nothing', 15, async (at) => {
    const sandbox = await at.sandbox({ counts: { contacts: 1_000 }, extraProperties: { contacts: 40 } });
    const names = sandbox.portal
      .properties(sandbox.portal.type('contacts'))
      .all()
      .map(({ name }) => name);
    const pipeline = {
      objects: [{ object_type: 'contacts', properties: names.filter((name) => /^extra_/.test(name)) }],
    };
    // What os.tmpdir() is to the sync until hubflake says otherwise; in a container a small tmpfs.
    const temporary = at.folder.join('machine-tmp');
    mkdirSync(temporary);
    const spool = at.folder.join('spool');
    mkdirSync(spool);
    const inTemporary = watched(temporary);
    const inSpool = watched(spool);
    const environment = { TMPDIR: temporary };

    const killed = await at.sync(sandbox, pipeline, {
      environment: { ...environment, HUBFLAKE_CRASH_AT: 'after-put' },
    });
    expect(killed.signal).toBe('SIGKILL');
    await at.syncWell(sandbox, pipeline, { environment });
    expect(await at.ids()).toEqual(liveIds(sandbox));
    expect(inTemporary()).toEqual([]);
    // The dead run's, too: the spool is tidied up as a whole.
    expect(readdirSync(spool)).toEqual([]);
    const copies = inSpool().filter((name) => ENCRYPTED.test(name));
    at.note(`Encrypted copies that were seen in the spool: ${copies.length}.`);
    await stagesAreEmpty(at);
    // Internal stages encrypt in the client unless they are made otherwise: else nothing was tried here.
    if (!at.account.isDryRun) expect(copies).not.toEqual([]);
  });
}

/** Looks into a folder and those in it, often: a watcher may be told too late of what was in new ones. @returns ends it, with the paths */
function watched(folder: string): () => string[] {
  const seen = new Set<string>();
  const look = () => {
    try {
      for (const path of readdirSync(folder, { recursive: true })) seen.add(String(path));
    } catch {
      // A folder in it has gone meanwhile.
    }
  };
  const timer = setInterval(look, LOOK_MS);
  return () => {
    clearInterval(timer);
    look();
    return [...seen].sort();
  };
}

/** No stage table, and with it no file on one, is left. */
async function stagesAreEmpty(at: Step): Promise<void> {
  const rows = await at.query(`SHOW TERSE TABLES IN SCHEMA ${at.name('X').replace(/\."X"$/, '')}`);
  expect(rows.map(({ name }) => String(name)).filter((name) => name.startsWith('_HUBFLAKE_STAGE'))).toEqual([]);
}
