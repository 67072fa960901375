import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, json } from '../http/answer.js';
import { readBody, type Services } from '../http/listener.js';
import { send, toWire } from '../http/send.js';
import { COLLECTION_CHANGES, collectionPaths, collectionTruth } from './collections.js';
import { CHANGES, type Command } from './commands.js';
import { CONTROLS, settingsOf } from './controls.js';

/** Where the door is: no path of HubSpot's begins like this. */
export const ADMIN_PREFIX = '/__sandbox';

/** What a POST can ask for, by its path. */
const COMMANDS: Readonly<Record<string, Command>> = { ...CHANGES, ...COLLECTION_CHANGES, ...CONTROLS };

const USAGE = {
  GET: [
    'truth/{objectType}?properties=a,b|all&associations=x,y',
    'history-truth/{objectType}?properties=a,b|all&capped=true|false',
    'record/{objectType}/{id}',
    'collections',
    'collection-truth?path=/marketing/v3/forms',
    'calls?last=100',
    'settings',
  ],
  POST: Object.keys(COMMANDS),
};

/**
 * The door to the portal's truth and the sandbox's switches. It asks for no token, so it opens for callers on this
 * machine only. Commands are JSON objects; mistakes are answered with 400 and `{"error": …}`.
 */
export class AdminDoor {
  constructor(readonly services: Services) {}

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = isLoopback(request.socket.remoteAddress)
      ? await this.#answer(request)
      : json({ error: 'the admin door opens for this machine only' }, 403);
    send(response, await toWire(answer, new Date(this.services.portal.clock.now()).toUTCString(), false));
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    try {
      const url = new URL(request.url ?? '/', 'http://sandbox');
      const path = url.pathname.slice(ADMIN_PREFIX.length).replace(/^\/|\/$/g, '');
      const result = request.method === 'POST' ? await this.#post(path, request) : this.#get(path, url.searchParams);
      return result === undefined ? json({ error: `nothing at ${path}`, ...USAGE }, 404) : json(result);
    } catch (error) {
      return json({ error: error instanceof Error ? error.message : String(error) }, 400);
    }
  }

  async #post(path: string, request: IncomingMessage): Promise<unknown> {
    const text = await readBody(request);
    const command = Object.hasOwn(COMMANDS, path) ? COMMANDS[path] : undefined;
    return command?.(text === '' ? {} : JSON.parse(text), this.services);
  }

  #get(path: string, query: URLSearchParams): unknown {
    const { portal, calls } = this.services;
    const [what, objectType = '', id = ''] = path.split('/').map(decodeURIComponent);
    switch (what) {
      case '':
        return USAGE;
      case 'truth':
        return portal.truth(objectType, {
          properties: namesOrAll(query.get('properties')),
          associations: names(query.get('associations')),
        });
      case 'history-truth':
        return portal.historyTruth(objectType, {
          properties: query.has('properties') ? namesOrAll(query.get('properties')) : 'all',
          capped: query.get('capped') === 'true',
        });
      case 'record':
        return portal.record(objectType, id);
      case 'collections':
        return collectionPaths(portal);
      case 'collection-truth':
        return collectionTruth(portal, query.get('path') ?? '');
      case 'calls':
        return { counts: calls.counts(), last: calls.last(Number(query.get('last') ?? 100)) };
      case 'settings':
        return settingsOf(this.services);
      default:
        return undefined;
    }
  }
}

function namesOrAll(list: string | null): string[] | 'all' {
  return list === 'all' ? 'all' : names(list);
}

function names(list: string | null): string[] {
  return list === null || list === '' ? [] : list.split(',');
}

/** 127.0.0.0/8 and ::1, also as IPv4 inside IPv6. */
function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(::1|(::ffff:)?127(\.\d+){3})$/.test(address);
}
