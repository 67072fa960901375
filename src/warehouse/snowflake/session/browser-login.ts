import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import type { ConnectionOptions } from 'snowflake-sdk';
import { CredentialsError } from '../../../errors.js';
import { log } from '../../../log.js';

/** How long the driver waits for whoever logs in, in ms. */
const WAITS_MS = 120_000;
/** All that a login by browser may take: for the driver to say itself that nobody came. */
export const BROWSER_LOGIN_MS = WAITS_MS + 30_000;

/**
 * The driver's options for a login in a browser. Throws a CredentialsError where nobody sits at a terminal: in cron or Airbyte the
 * login would wait for two minutes, and fail each time.
 *
 * The driver keeps the ID token in a file of the user's where the account allows it, so that the next login needs no browser:
 * https://docs.snowflake.com/en/user-guide/admin-security-fed-auth-use#using-connection-caching-to-minimize-the-number-of-prompts-for-authentication-optional
 */
export function browserLogin(): Partial<ConnectionOptions> {
  if (!process.stderr.isTTY && !process.stdin.isTTY) {
    throw new CredentialsError(
      'The login by External Browser needs someone at a terminal, and this run has none. For runs without anybody there use a key pair, Workload Identity or a programmatic access token.',
    );
  }
  return {
    browserActionTimeout: WAITS_MS,
    clientStoreTemporaryCredential: isWritable(homedir()),
    openExternalBrowserCallback: (url) => {
      log.warn(
        `Log in to Snowflake in the browser that opens now. If none does, open this address on this machine: ${url}`,
      );
      openBrowser(url);
    },
  };
}

/** Without that, the driver would fail for want of a place for the token. */
function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Instead of the driver's way, which ends the process where there is no browser. What goes wrong is no error: the address was told. */
function openBrowser(url: string): void {
  if (!/^https?:\/\//i.test(url)) return;
  const [command, ...args]: [string, ...string[]] =
    process.platform === 'darwin'
      ? ['open', url]
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler', url]
        : ['xdg-open', url];
  // Not the parent's stdout, which belongs to the protocol.
  const child = spawn(command, args, { stdio: 'ignore', detached: true });
  child.on('error', (error) => log.debug(`No browser could be opened: ${error.message}`));
  child.unref();
}
