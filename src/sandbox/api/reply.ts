import { type Answer, jsonBytes } from '../http/answer.js';
import type { Services } from '../http/listener.js';
import type { KeyOrder } from '../http/settings.js';
import { type ByteText, byteText } from '../portal/bytes.js';

/**
 * An answer in JSON. HubSpot's keys come in alphabetical order at every depth (as live answers show); `other` keeps the
 * order in which the value has them. Refusals are left out of this: published ones begin with `status`, `message`, `correlationId`.
 */
export function reply(services: Services, value: object): Answer {
  return replyText(services, jsonText(services.switches.now.keyOrder, value));
}

/** The same of members whose values are JSON already; those without a value are left out. */
export function replyWith(
  services: Services,
  members: Readonly<Record<string, string | undefined>>,
  status = 200,
): Answer {
  return replyText(services, jsonObject(services.switches.now.keyOrder, members), status);
}

/** The same of what is JSON already. */
export function replyText({ switches }: Services, text: ByteText, status = 200): Answer {
  const short = switches.now.wholeSeconds === 'short';
  return jsonBytes(short ? text.replace(/(T\d\d:\d\d:\d\d)\.000Z"/g, '$1Z"') : text, status);
}

/** A JSON object of members whose values are JSON already. */
export function jsonObject(order: KeyOrder, members: Readonly<Record<string, string | undefined>>): ByteText {
  const given = Object.keys(members).filter((name) => members[name] !== undefined);
  let text = '';
  // Joined by `+`, which copies nothing: a page may have a megabyte.
  for (const name of order === 'alphabetical' ? given.sort() : given) {
    text += `${text === '' ? '' : ','}"${name}":${members[name]}`;
  }
  return `{${text}}` as ByteText;
}

/** A value as JSON, for `jsonObject`. */
export function jsonText(order: KeyOrder, value: unknown): ByteText {
  return byteText(JSON.stringify(inOrder(order, value)));
}

function inOrder(order: KeyOrder, value: unknown): unknown {
  return order === 'alphabetical' ? alphabetical(value) : value;
}

function alphabetical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(alphabetical);
  if (typeof value !== 'object' || value === null) return value;
  const members = value as Record<string, unknown>;
  const ordered: Record<string, unknown> = {};
  for (const name of Object.keys(members).sort()) ordered[name] = alphabetical(members[name]);
  return ordered;
}
