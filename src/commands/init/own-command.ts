import { basename, relative } from 'node:path';

/** How this program was called, so that the next command can be typed as it is shown. @param script `process.argv[1]` */
export function ownCommand(script: string | undefined, environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.npm_command === 'exec') return 'npx hubflake';
  if (script === undefined || basename(script) === 'hubflake') return 'hubflake';
  return `node ${relative('', script)}`;
}
