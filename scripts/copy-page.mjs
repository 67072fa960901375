// Copies what the report page is made of into dist/: it is read as it is, and TypeScript copies only what it compiles.
import { cpSync, readdirSync } from 'node:fs';

const from = new URL('../src/observing/report/page/', import.meta.url);
const to = new URL('../dist/observing/report/page/', import.meta.url);
for (const file of readdirSync(from)) {
  if (/\.(css|js)$/.test(file)) cpSync(new URL(file, from), new URL(file, to));
}
