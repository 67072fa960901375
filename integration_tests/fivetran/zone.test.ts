import { spawnSync } from 'node:child_process';

/** Times without a zone are in UTC, wherever hubflake runs. In this process the zone cannot be changed. */

test.each(['UTC', 'America/Los_Angeles', 'Asia/Kolkata'])('in %s', (zone) => {
  const module = new URL('../../dist/streams/strategies/content-memory.js', import.meta.url).href;
  const program = `import { cursorTime } from '${module}'; console.log(cursorTime('2024-05-01T12:34:56.789'));`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    env: { ...process.env, TZ: zone, NODE_OPTIONS: '' },
    encoding: 'utf8',
  });
  expect(Number(stdout)).toBe(Date.UTC(2024, 4, 1, 12, 34, 56, 789));
});
