#!/usr/bin/env node
import { runCommandLine } from './commands/cli.js';

/** How long what is left over may still take when the work is done and all output is written. */
const LEFTOVERS_MS = 2000;

// The exit code is set, not forced: process.exit would drop what is still on its way to stdout.
process.exitCode = await runCommandLine(process.argv.slice(2));

// A driver that was given up may go on trying for hours. The timer alone does not keep the process alive.
setTimeout(() => process.exit(), LEFTOVERS_MS).unref();
