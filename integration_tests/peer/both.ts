import type { AirbyteStream, JsonObject } from '../../src/protocol/messages.js';
import type { Sandbox } from '../../src/sandbox/server.js';
import { configure, lastStates, type Outcome, ofType, TestFolder } from '../support/processes/command.js';
import { hubflakeHere } from '../support/processes/here.js';
import type { Row } from './compare.js';
import { parseWithDigits } from './digits.js';
import { sourceHubspot } from './source-hubspot.js';

export interface Side {
  /** By the names of the streams. */
  catalog: Map<string, AirbyteStream>;
  discovered: Outcome;
}

export interface Read {
  rows: Map<string, Row[]>;
  states: JsonObject[];
}

/** The two connectors on one portal. */
export class Both {
  readonly #folder = new TestFolder();
  readonly #config: string;

  constructor(readonly sandbox: Sandbox) {
    const credentials = { credentials_title: 'Private App Credentials', access_token: sandbox.token };
    this.#config = this.#folder.write('config.json', { credentials });
  }

  close(): void {
    this.#folder.remove();
  }

  async discover(who: 'theirs' | 'ours'): Promise<Side> {
    const discovered = await this.#run(who, ['discover', '--config', this.#config]);
    const streams = ofType(discovered, 'CATALOG').flatMap(({ catalog }) => catalog.streams);
    return { catalog: new Map(streams.map((each) => [each.name, each])), discovered };
  }

  /** Reads the streams, as increments where the connector has them. */
  async read(
    who: 'theirs' | 'ours',
    side: Side,
    names: readonly string[],
    states: readonly object[] = [],
  ): Promise<Read> {
    const { streams } = configure(side.discovered, (name) => names.includes(name));
    for (const each of streams)
      if (!each.stream.supported_sync_modes.includes('incremental')) each.sync_mode = 'full_refresh';
    const outcome = await this.#run(who, [
      ...['read', '--config', this.#config, '--catalog', this.#folder.write('catalog.json', { streams })],
      ...(states.length > 0 ? ['--state', this.#folder.write('state.json', states)] : []),
    ]);
    const rows = new Map<string, Row[]>(streams.map(({ stream }) => [stream.name, []]));
    for (const line of outcome.lines) {
      const { type, record } = parseWithDigits(line) as { type: string; record: { stream: string; data: Row } };
      if (type === 'RECORD') rows.get(record.stream)?.push(record.data);
    }
    return { rows, states: lastStates(outcome) };
  }

  async #run(who: 'theirs' | 'ours', args: readonly string[]): Promise<Outcome> {
    const options = { environment: { HUBSPOT_BASE_URL: this.sandbox.url } };
    const outcome = await (who === 'theirs' ? sourceHubspot(args, options) : hubflakeHere(args, options));
    if (outcome.code !== 0) {
      const errors = ofType(outcome, 'TRACE').flatMap(({ trace }) => trace.error ?? []);
      const said = errors.map(({ message, internal_message: more }) => `${message} ${more ?? ''}`).join('\n');
      throw new Error(`${who}: ${args[0]} ended with ${outcome.code}\n${said}${outcome.stderr.slice(-2000)}`);
    }
    return outcome;
  }
}
