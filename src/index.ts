/** What a program may import: the command line, and the messages that it writes. */
export { runCommandLine } from './commands/runner/cli.js';
export type * from './protocol/messages.js';
