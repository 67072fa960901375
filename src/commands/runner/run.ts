import { withTelemetry } from '../../observing/telemetry/with-telemetry.js';
import type { Injected } from './injected.js';
import { parsePlainLine } from './protocol-commands.js';

/** Runs one command line and returns the exit code. Its usual forms are parsed without yargs, whose loading takes longer than `spec`. */
export async function run(args: readonly string[], injected: Injected = {}): Promise<number> {
  const plain = parsePlainLine(args);
  if (!plain) return (await import('./cli.js')).runCommandLine(args, injected);
  const { runProtocolCommand } = await import('./protocol-command.js');
  const { name, command, given } = plain;
  return runProtocolCommand(given.logLevel, (io) =>
    withTelemetry(name, () => command.run({ ...io, ...injected }, given)),
  );
}
