#!/usr/bin/env node
import { run } from './commands/runner/run.js';

/** How long remaining handles may keep the process alive after the work is done and all output is written. */
const LEFTOVERS_MS = 2000;

// The exit code is set, not forced: process.exit would drop output that is not written yet.
process.exitCode = await run(process.argv.slice(2));

// A driver may keep retrying for hours after it was abandoned. This timer itself does not keep the process alive.
setTimeout(() => process.exit(), LEFTOVERS_MS).unref();
