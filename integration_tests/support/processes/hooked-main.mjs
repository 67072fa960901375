// Runs a command line as dist/main.js does, with what a test injects; the command itself reads none of these variables:
//
// - HUBFLAKE_CRASH_AT: a step of src/commit-steps.ts at which the process is killed, with `#n` for the n-th time it is reached
// - HUBFLAKE_LEASE_SECONDS: for how long a lease is acquired at least
// - HUBFLAKE_PAUSES: the pauses before Snowflake's statements are retried, in ms, with commas
import { subscribe } from 'node:diagnostics_channel';
import { run } from '../../../dist/commands/runner/run.js';

const { HUBFLAKE_CRASH_AT: crashAt, HUBFLAKE_LEASE_SECONDS: lease, HUBFLAKE_PAUSES: pauses } = process.env;
if (crashAt) {
  const [step, times = '1'] = crashAt.split('#');
  let left = Number(times);
  subscribe('hubflake:commit', (message) => {
    if (message.step !== step) return;
    left -= 1;
    // SIGKILL: no handler runs and nothing is flushed.
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  });
}
const timeouts = {
  ...(lease ? { leastLease: Number(lease) * 1000 } : {}),
  ...(pauses ? { again: pauses.split(',').map(Number) } : {}),
};
process.exitCode = await run(process.argv.slice(2), { timeouts });
setTimeout(() => process.exit(), 2_000).unref();
