/** The public API: the command line, and the types of the messages that it writes. */
export { runCommandLine } from './commands/runner/cli.js';
export type * from './protocol/messages.js';
