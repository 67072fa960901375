import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** So many are taken in at a glance (docs/decisions/0020-a-house-for-a-hundred-streams.md). */
const MOST = 16;

test('no folder of the sources has more than sixteen modules', () => {
  const src = fileURLToPath(new URL('../../src', import.meta.url));
  const modules = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /(?<!\.test)\.ts$/.test(name),
  );
  const numbers = new Map<string, number>();
  for (const name of modules) numbers.set(dirname(name), (numbers.get(dirname(name)) ?? 0) + 1);
  expect(modules.length).toBeGreaterThan(500);
  expect([...numbers].filter(([, number]) => number > MOST)).toEqual([]);
});
