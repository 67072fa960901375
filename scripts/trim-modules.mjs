// Removes from folders what no program reads at run time: declarations, source maps, sources in TypeScript and documentation.
// Licences stay. The folders are given on the command line: node scripts/trim-modules.mjs node_modules dist
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const NOT_READ = /\.(map|d\.[cm]?ts|ts|mts|cts|tsbuildinfo|md|markdown|coffee|flow)$/i;
const LICENCE = /^(licen[cs]e|notice|copying|third)/i;

for (const folder of process.argv.slice(2)) {
  let removed = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !NOT_READ.test(entry.name) || LICENCE.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    removed += statSync(path).size;
    rmSync(path);
  }
  console.log(`${Math.round(removed / 1e6)} MB removed from ${folder}.`);
}
