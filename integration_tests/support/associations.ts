import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.js';
import { configure, type Outcome, ofType, type RunOptions, TestFolder } from './processes/command.js';
import { hubflakeHere } from './processes/here.js';
import { judgeMessages } from './schedules/judge.js';

/** Associated ids a batch read shows per record before it pages: the first company has some 130 contacts. */
export const PAGE = 50;
export const VEHICLES = '2-3465401';

/** The association streams of {@link OPTIONS}, and the two objects of each as the portal calls them. */
export const STREAMS: [stream: string, from: string, to: string][] = [
  ['associations_contacts_companies', 'contacts', 'companies'],
  ['associations_companies_contacts', 'companies', 'contacts'],
  ['colleagues', 'contacts', 'contacts'],
  ['associations_deals_0-8', 'deals', 'line_items'],
  ['associations_taxes_contacts', 'taxes', 'contacts'],
  ['associations_p_vehicles_contacts', 'vehicles', 'contacts'],
  [`associations_Wartungs_Plan_${VEHICLES}`, 'Wartungs_Plan', 'vehicles'],
];

export const OPTIONS = {
  // Else discover asks for every object there is.
  objects: [{ object_type: 'taxes' }],
  association_streams: [
    { from_object: 'contacts', to_object: 'companies' },
    { from_object: 'companies', to_object: 'contacts', stream_name: '' },
    { from_object: 'contact', to_object: '0-1', stream_name: 'colleagues' },
    { from_object: 'deals', to_object: '0-8' },
    { from_object: 'taxes', to_object: 'contacts' },
  ],
  custom_object_association_streams: [
    { from_object: 'p_vehicles', to_object: 'contacts' },
    { from_object: 'Wartungs_Plan', to_object: VEHICLES },
  ],
};

/** A portal with associations of every kind, and the commands that read it. */
export class AssociationPortal {
  readonly folder = new TestFolder();
  sandbox!: Sandbox;

  /** Starts the portal, in the place of the one before. */
  async start(options: SandboxOptions = {}): Promise<void> {
    await this.sandbox?.close();
    this.sandbox = await startSandbox({
      counts: { contacts: 2350, companies: 300, deals: 250 },
      associationPage: PAGE,
      limits: { burst: 5000, searchPerSecond: 1000 },
      ...options,
    });
    // Two records that everything connects, and a company that nothing is connected with.
    const { portal } = this.sandbox;
    const [contact, company] = ['contacts', 'companies'].map((name) => portal.truth(name).live[0]?.id as string);
    for (const label of ['Primary', 'Decision maker']) {
      portal.associate('contacts', contact as string, 'companies', company as string, { label });
    }
    portal.create('companies', { name: 'Lonely' });
  }

  async close(): Promise<void> {
    this.folder.remove();
    await this.sandbox.close();
  }

  run(args: string[], options: RunOptions = {}): Promise<Outcome> {
    return hubflakeHere(args, { environment: { HUBSPOT_BASE_URL: this.sandbox.url }, ...options });
  }

  /** Writes a source configuration and returns its path. */
  config(options: object): string {
    return this.folder.write('config.json', { credentials: { access_token: this.sandbox.token }, ...options });
  }

  /** Discovers, and returns the path of a catalog of the streams that `choose` picks. */
  async catalog(config: string, choose: (name: string) => boolean, modes: object = {}): Promise<string> {
    const outcome = await this.run(['discover', '--config', config]);
    await judgeMessages(outcome.lines);
    const refresh = { sync_mode: 'full_refresh', destination_sync_mode: 'overwrite', ...modes } as const;
    return this.folder.write('catalog.json', configure(outcome, choose, refresh));
  }

  async read(config: string, catalog: string, states?: object[]): Promise<Outcome> {
    const state = states ? ['--state', this.folder.write('state.json', states)] : [];
    const outcome = await this.run(['read', '--config', config, '--catalog', catalog, ...state]);
    await judgeMessages(outcome.lines);
    return outcome;
  }
}

/** Rows as texts that can be compared as sets, repeats included. */
export function sorted(rows: readonly object[]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}

export function rowsOf(stream: string, ...outcomes: Outcome[]) {
  return outcomes.flatMap((outcome) =>
    ofType(outcome, 'RECORD').flatMap(({ record }) => (record.stream === stream ? [record.data] : [])),
  );
}

export function statusesOf(stream: string, outcome: Outcome) {
  return ofType(outcome, 'TRACE').flatMap(({ trace }) =>
    trace.stream_status?.stream_descriptor.name === stream ? [trace.stream_status.status] : [],
  );
}

export function statesOf(stream: string, outcome: Outcome) {
  return ofType(outcome, 'STATE').flatMap(({ state }) =>
    state.stream?.stream_descriptor.name === stream ? [state] : [],
  );
}

export function errorsOf(outcome: Outcome) {
  return ofType(outcome, 'TRACE').flatMap(({ trace }) => (trace.error ? [trace.error] : []));
}

/** As if the platform had the run's output up to the `count`-th state of the stream, and lost what came behind it. */
export function upToState(stream: string, outcome: Outcome, count: number): Outcome {
  let states = 0;
  const end = outcome.lines.findIndex((line) => {
    const message = JSON.parse(line);
    if (message.type === 'STATE' && message.state.stream.stream_descriptor.name === stream) states += 1;
    return states === count;
  });
  return { ...outcome, lines: outcome.lines.slice(0, end + 1) };
}
