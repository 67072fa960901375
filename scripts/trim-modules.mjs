// Removes from folders what no program reads at run time: declarations, source maps, sources in TypeScript, tests and
// documentation. Licences stay; folders that are left empty go, too. The folders are given on the command line:
//   node scripts/trim-modules.mjs node_modules dist
import { readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const NOT_READ = /\.(map|d\.[cm]?ts|ts|mts|cts|tsbuildinfo|md|markdown|coffee|flow|test\.[cm]?js)$/i;
const LICENCE = /^(licen[cs]e|notice|copying|third)/i;

for (const folder of process.argv.slice(2)) {
  let removed = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !NOT_READ.test(entry.name) || LICENCE.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    removed += statSync(path).size;
    rmSync(path);
  }
  removeEmpty(folder);
  console.log(`${Math.round(removed / 1e6)} MB removed from ${folder}.`);
}

/** @returns whether the folder was empty, or became so, and is gone */
function removeEmpty(folder) {
  const left = readdirSync(folder, { withFileTypes: true }).filter(
    (entry) => !entry.isDirectory() || !removeEmpty(join(folder, entry.name)),
  );
  if (left.length === 0) rmdirSync(folder);
  return left.length === 0;
}
