import { readConfigFile } from '../config/files.js';
import { parseSourceConfig } from '../config/source.js';
import { asHubflakeError } from '../errors.js';
import { redact } from '../log.js';
import { encodeMessage } from '../protocol/encode.js';
import type { ConnectionStatus } from '../protocol/messages.js';
import { Portal, type Unreadable } from '../streams/portal.js';
import { withHubSpot } from './runner/hubspot-session.js';
import { configPath } from './runner/options.js';
import type { ProtocolIo } from './runner/protocol-command.js';

/** `check` responds soon, even when HubSpot does not. */
const NEVER_REACHED_MS = 10_000;

/**
 * `hubflake check`: tests the credentials, and the scopes that the configuration needs. Once the configuration file could be read,
 * the result is a CONNECTION_STATUS, whatever is wrong.
 */
export async function check({ output, stop, streams }: ProtocolIo, options: { config?: string }): Promise<number> {
  const given = readConfigFile(configPath(options), 'configuration');
  const connectionStatus = await status(given, stop.signal, streams);
  output.write(encodeMessage({ type: 'CONNECTION_STATUS', connectionStatus }));
  return 0;
}

async function status(given: unknown, signal: AbortSignal, streams: ProtocolIo['streams']): Promise<ConnectionStatus> {
  try {
    const config = parseSourceConfig(given);
    return await withHubSpot(config, { signal, retry: { neverReachedMs: NEVER_REACHED_MS } }, async (client) => {
      const portal = await Portal.open(client, config, null, { declared: streams });
      const readable = await portal.readableNames();
      return verdict(readable, portal, config.deletes !== 'off');
    });
  } catch (error) {
    return { status: 'FAILED', message: redact(asHubflakeError(error).message) };
  }
}

function verdict(readable: readonly string[], portal: Portal, wantsDeletes: boolean): ConnectionStatus {
  const { unreadable } = portal;
  if (portal.streamNames.length === 0) return { status: 'FAILED', message: portal.nothingReadable().message };
  const asked = unreadable.filter((each) => each.asked);
  if (asked.length > 0) {
    const scopes = scopesOf(asked);
    const what = [scopes && `Add the missing scopes to the token: ${scopes}.`, ...othersOf(asked)].filter(Boolean);
    return { status: 'FAILED', message: `Not everything that is configured can be read. ${what.join(' ')}` };
  }
  const scopes = scopesOf(unreadable);
  if (readable.length === 0) {
    const why = [scopes && `Add scopes to it: ${scopes}.`, ...othersOf(unreadable)].filter(Boolean);
    return { status: 'FAILED', message: `The token is valid, but may read nothing. ${why.join(' ')}` };
  }
  const message = [
    `${readable.length} streams can be read.`,
    scopes && `Left out for want of a scope: ${scopes}.`,
    ...othersOf(unreadable),
    ...(wantsDeletes ? portal.hiddenDeletions(readable.map((name) => ({ name, state: null }))) : []),
  ];
  return { status: 'SUCCEEDED', message: message.filter(Boolean).join(' ') };
}

function scopesOf(unreadable: readonly Unreadable[]): string {
  const missing = unreadable.filter((each) => each.scopes.length > 0);
  return missing
    .map(({ name, scopes, tier }) => {
      const from = tier === null ? '' : ` (from ${tier} on)`;
      return `${name} needs ${scopes.join(', and ')}${from}`;
    })
    .join('; ');
}

/** Streams that are left out for other reasons than a missing scope, a sentence each. */
function othersOf(unreadable: readonly Unreadable[]): string[] {
  return unreadable.filter((each) => each.scopes.length === 0).map((each) => `${each.name}: ${sentence(each.why)}`);
}

function sentence(text: string): string {
  return text.endsWith('.') ? text : `${text}.`;
}
