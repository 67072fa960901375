import { getGlobalDispatcher, setGlobalDispatcher } from 'undici';
import { runService } from '../../src/commands/service/run-service.js';
import type { SyncResult } from '../../src/commands/sync/sync-result.js';
import { type PipelineConfig, parsePipelineConfig } from '../../src/config/pipeline.js';
import type { JsonObject } from '../../src/json.js';
import { configureLog } from '../../src/log.js';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.js';
import { monotonicMs } from '../../src/time.js';
import { FAST } from '../support/fast-source.js';
import { QUICK } from '../support/processes/lifetime.js';

/** What a round did. */
export interface Round {
  /** null: it failed as a whole. */
  result: SyncResult | null;
  /** Calls that reached HubSpot, by kind. */
  calls: Record<string, number>;
  total: number;
  /** How long the service waits for the next one, in milliseconds of its clock. */
  pauseMs: number;
}

/** A service whose clock, and HubSpot's, stand still between its rounds until they are told to go on. */
export class SteppedService {
  readonly logged: string[] = [];
  /** Whether it serves its health and its report. */
  isServed = false;
  /** From how many minutes before their time on searches have asked for changes. */
  readonly reaches: number[] = [];
  /** Called with each page of a list. */
  onList: () => void = () => undefined;
  readonly #stop = new AbortController();
  /** The service's client takes its place until its end. */
  readonly #dispatcher = getGlobalDispatcher();
  #ahead = 0;
  #sandbox: Sandbox | null = null;
  #result: SyncResult | null = null;
  #pauseMs = 0;
  /** Lets the service go on. */
  #resume: () => void = () => undefined;
  #slept: () => void = () => undefined;
  #asleep = Promise.resolve();
  #ended: Promise<void> | null = null;

  get sandbox(): Sandbox {
    return this.#sandbox as Sandbox;
  }

  async startPortal(options: SandboxOptions): Promise<void> {
    const clock = () => Date.now() + this.#ahead;
    const onCall: SandboxOptions['onCall'] = ({ kind, body }) => {
      if (kind === 'list') this.onList();
      const [, since] = kind === 'search' ? (/"GTE","value":"?(\d+)/.exec(body) ?? []) : [];
      if (since !== undefined) this.reaches.push((clock() - Number(since)) / 60_000);
    };
    this.#sandbox = await startSandbox({ limits: 'off', clock, onCall, ...options });
    process.env.HUBSPOT_BASE_URL = this.sandbox.url;
    // The sample was made just now.
    this.advance(24 * 60);
  }

  /** A pipeline as a user writes it. */
  options(source: JsonObject, destination: object) {
    const credentials = { access_token: this.sandbox.token };
    return { name: 'crm', source: { credentials, layout: 'columns', ...source }, destination };
  }

  pipeline(source: JsonObject, destination: object): PipelineConfig {
    const config = parsePipelineConfig(this.options(source, destination));
    Object.assign(config.source, FAST);
    return config;
  }

  /** Runs the first round. */
  async start(config: PipelineConfig, everySeconds = 60, refresh: readonly string[] = []): Promise<Round> {
    configureLog({ level: 'info', sink: (_, message) => this.logged.push(message) });
    const monotonic = () => monotonicMs(performance.now() + this.#ahead);
    const sleep = (milliseconds: number, signal: AbortSignal) => {
      this.#pauseMs = milliseconds;
      const resumed = new Promise<void>((resolve) => {
        this.#resume = () => {
          signal.removeEventListener('abort', this.#resume);
          resolve();
        };
        signal.addEventListener('abort', this.#resume);
      });
      this.#slept();
      return resumed;
    };
    const options = {
      config,
      everyMs: everySeconds * 1000,
      listen: this.isServed ? { host: '127.0.0.1', port: 0 } : null,
      report: null,
      refresh,
      injected: { ...QUICK, time: { monotonic, sleep } },
      onRound: (result: SyncResult) => {
        this.#result = result;
      },
    };
    return this.#observed(() => {
      this.#ended = runService(options, this.#stop.signal);
    });
  }

  /** Lets the clocks go on to the next round, and runs it. Throws what ended the service. */
  next(): Promise<Round> {
    return this.#observed(() => {
      this.#ahead += this.#pauseMs;
      this.#resume();
    });
  }

  /** Runs rounds until so many minutes have gone by. */
  async run(minutes: number): Promise<Round[]> {
    const until = this.#ahead + minutes * 60_000;
    const rounds: Round[] = [];
    while (this.#ahead < until) rounds.push(await this.next());
    return rounds;
  }

  /** What `/healthz` says. */
  async health(): Promise<JsonObject> {
    return (await (await fetch(`${this.#url}healthz`)).json()) as JsonObject;
  }

  /** The verdict of the report at `/`. */
  async verdict(): Promise<unknown> {
    const page = await (await fetch(this.#url)).text();
    const [, data = ''] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page) ?? [];
    return JSON.parse(data).verdict;
  }

  get #url(): string {
    const [, url = ''] = /Health.* are at (\S+)/.exec(this.logged.join('\n')) ?? [];
    return url;
  }

  advance(minutes: number): void {
    this.#ahead += minutes * 60_000;
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.#ended?.catch(() => undefined);
    setGlobalDispatcher(this.#dispatcher);
    await this.sandbox.close();
  }

  async #observed(begin: () => void): Promise<Round> {
    this.sandbox.calls.reset();
    this.#result = null;
    this.#asleep = new Promise((resolve) => {
      this.#slept = resolve;
    });
    begin();
    await Promise.race([this.#asleep, this.#ended]);
    const { byKind, total } = this.sandbox.calls.counts();
    return { result: this.#result, calls: { ...byKind }, total, pauseMs: this.#pauseMs };
  }
}
