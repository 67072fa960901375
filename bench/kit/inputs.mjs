// What `write` reads in a benchmark: a file of made-up messages of a hundred properties each.
import { spawnSync } from 'node:child_process';
import { openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { measure, newPath, root, writeJson } from './measure.mjs';
import { catalogOf } from './messages.mjs';

/** @param protocol airbyte or singer; both have the same records @param version 2: the same records, edited */
export function messagesFile(records, protocol, version = 1) {
  const path = newPath('messages');
  const { status } = spawnSync(
    process.execPath,
    [join(root, 'bench/kit/messages.mjs'), `${records}`, 'wide', protocol, `${version}`],
    { stdio: ['ignore', openSync(path, 'w'), 'inherit'] },
  );
  if (status !== 0) throw new Error(`messages.mjs ended with ${status}`);
  return path;
}

/** A file of messages, and hubflake's `write` of it to a destination. */
export function inputs(records, version = 1) {
  const input = messagesFile(records, 'airbyte', version);
  const catalog = writeJson('catalog.json', catalogOf('wide'));
  const write = async (destination) => {
    const config = writeJson('config.json', destination);
    const cost = await measure('dist/main.js', ['write', '--config', config, '--catalog', catalog], { input });
    return { ...cost, records };
  };
  return { input, catalog, write, close: () => rmSync(input) };
}
