#!/usr/bin/env node
import { runCommandLine } from './commands/cli.js';

// The exit code is set, not forced: process.exit would drop what is still on its way to stdout.
process.exitCode = await runCommandLine(process.argv.slice(2));
