import fc from 'fast-check';
import type { PortalRules } from '../../../src/sandbox/portal/rules.js';
import { type Sandbox, startSandbox } from '../../../src/sandbox/server.js';
import { type Break, Lifetime } from '../processes/lifetime.js';
import type { TestWarehouse } from '../test-warehouse.js';
import { type Change, changes, type Done, PortalChanges } from './portal-changes.js';
import { type Deletes, expectTruth, type Mode } from './table-truth.js';

const MINUTE = 60_000;
const COMPANIES = 8;
/** Minutes that pass between a flicker and the run. */
const SHORTLY = 7;
/** Together with these less than the lookback. */
const LATELY_MS = 40 * MINUTE;
/** The last statement or call at which a run is broken off. */
export const LAST_BREAK = 40;

/** A change that is there only while a run is broken off, so that the portal is afterwards as it was before. */
interface Flicker {
  kind: 'archived' | 'restored' | 'linked';
  pick: number;
}

interface Round {
  /** How many of the last changes are taken back, the latest first. */
  takenBack: number;
  changes: Change[];
  flicker: Flicker | null;
  minutes: number;
  broken: Break | null;
  /** Whether the table is loaded anew. */
  refresh: boolean;
}

/** What happens to a portal, when it is written into a table, and what breaks that. */
export interface TableSchedule {
  contacts: number;
  mode: Mode;
  deletes: Deletes;
  isFiltered: boolean;
  rules: Pick<PortalRules, 'mergeChain' | 'mergeInto' | 'restoreBumps'>;
  /** A batch is committed when it has so many bytes, and so many rows. */
  batch: { bytes: number; rows: number };
  rounds: Round[];
}

/** Writes the portal's contacts into their table. */
export interface Way {
  /**
   * Runs once. Throws what went wrong without having been made to.
   *
   * @returns whether the run came to its end
   */
  run(life: Lifetime, refresh: boolean): Promise<boolean>;
}

export type OpenWay = (sandbox: Sandbox, schedule: TableSchedule) => Promise<Way>;

/** Anywhere, and more often about a transaction's edges, where rows and states can come apart. */
const ANYWHERE: fc.Arbitrary<Break> = fc.oneof(
  fc.record({
    what: fc.constantFrom('kill', 'kill', 'kill', 'drop', 'call'),
    edge: fc.constant(null),
    nth: fc.oneof(fc.nat(12), fc.nat(LAST_BREAK)),
    isDone: fc.boolean(),
  }),
  fc.record({
    what: fc.constantFrom('kill', 'kill', 'drop'),
    edge: fc.nat(5),
    nth: fc.oneof(fc.constant(0), fc.nat(6)),
    isDone: fc.boolean(),
  }),
);

/** Mostly when rows were committed, and before their state is out. */
export const BEHIND_ROWS: fc.Arbitrary<Break> = fc.oneof(ANYWHERE, {
  weight: 3,
  arbitrary: fc.record({
    what: fc.constant('kill'),
    edge: fc.constantFrom(1, 1, 1, 3),
    nth: fc.constant(0),
    isDone: fc.constant(true),
  }),
});

/** Mostly at the edges of the first transactions. */
export const AT_EDGES: fc.Arbitrary<Break> = fc.oneof(
  ANYWHERE,
  fc.record({
    what: fc.constantFrom('kill', 'drop'),
    edge: fc.constantFrom(0, 1, 1, 3),
    nth: fc.constant(0),
    isDone: fc.boolean(),
  }),
);

const flicker: fc.Arbitrary<Flicker> = fc.record({
  kind: fc.constantFrom('archived', 'archived', 'restored', 'linked', 'linked'),
  pick: fc.nat(9999),
});

function round(breaks: fc.Arbitrary<Break>): fc.Arbitrary<Round> {
  return fc.record({
    takenBack: fc.constantFrom(0, 1, 2, 4),
    changes: fc.array(changes, { maxLength: 4 }),
    flicker: fc.option(flicker, { freq: 8 }),
    minutes: fc.constantFrom(0, 1, SHORTLY, SHORTLY, 70, 300),
    broken: fc.option(breaks, { freq: 2 }),
    refresh: fc.nat(11).map((one) => one === 0),
  });
}

interface Bounds {
  /** Those that are tried, each as often as it is named. */
  modes: readonly Mode[];
  contacts: number;
  /** Runs besides the last one. */
  rounds: number;
  breaks?: fc.Arbitrary<Break>;
}

export function tableSchedules({ modes, contacts, rounds, breaks = ANYWHERE }: Bounds): fc.Arbitrary<TableSchedule> {
  return fc.record({
    contacts: fc.constantFrom(Math.ceil(contacts / 3), contacts),
    mode: fc.constantFrom(...modes),
    deletes: fc.constantFrom('mark', 'mark', 'cdc', 'cdc', 'off'),
    isFiltered: fc.constantFrom(false, false, true),
    rules: fc.record({
      mergeChain: fc.constantFrom('full', 'direct'),
      mergeInto: fc.constantFrom('survivor', 'new-record'),
      restoreBumps: fc.constantFrom(false, false, true),
    }),
    batch: fc.constantFrom(
      { bytes: 1, rows: 1 },
      { bytes: 1e9, rows: 1e9 },
      { bytes: 9000, rows: 35 },
      { bytes: 1e9, rows: 1e9 },
    ),
    rounds: fc.array(round(breaks), { minLength: 3, maxLength: rounds }),
  });
}

/** Plays a schedule in an empty warehouse, and throws where the table differs from what the portal has. */
export async function playOnTable(schedule: TableSchedule, warehouse: TestWarehouse, openWay: OpenWay): Promise<void> {
  const clock = { ahead: 0 };
  const calls = { onCall: () => {} };
  const sandbox = await startSandbox({
    counts: { '*': 0, contacts: schedule.contacts, companies: COMPANIES },
    limits: 'off',
    clock: () => Date.now() + clock.ahead,
    onCall: () => calls.onCall(),
    ...schedule.rules,
  });
  try {
    await warehouse.begin();
    const player = new Player(schedule, warehouse, sandbox, await openWay(sandbox, schedule), clock, calls);
    for (const each of schedule.rounds) await player.round(each);
    await player.settle();
  } finally {
    await sandbox.close();
  }
}

class Player {
  readonly #changes: PortalChanges;
  /** The last changes, the latest last. */
  #last: Done[] = [];
  /** Whether the last run was broken off: it goes on in the next one. */
  #isUnderWay = false;
  /** Whether the table is being loaded from the start. */
  #isFirstLoad = true;
  /** Archived records that a run which came to its end has seen as such, and has been told nothing else of since. */
  #seen: Set<string> | null = null;
  /** Records that were modified since then. */
  readonly #modified = new Set<string>();
  /** When records were modified last. */
  readonly #modifiedAt = new Map<string, number>();
  /** Ends the flicker. */
  #settle: () => Done | null = () => null;

  constructor(
    readonly schedule: TableSchedule,
    readonly warehouse: TestWarehouse,
    readonly sandbox: Sandbox,
    readonly way: Way,
    readonly clock: { ahead: number },
    readonly calls: { onCall: () => void },
  ) {
    this.#changes = new PortalChanges(sandbox.portal, schedule.rules);
  }

  async round({ takenBack, changes: list, flicker, minutes, broken: each, refresh }: Round): Promise<void> {
    const settled = this.#settle();
    this.#settle = () => null;
    const back = takenBack === 0 ? [] : this.#last.slice(-takenBack).reverse();
    this.#last = [];
    if (settled) this.#note(settled);
    for (const { undo } of back) if (undo !== null) this.#note(undo());
    for (const change of list) this.#note(this.#changes.make(change, this.#mayRestore));
    if (flicker && !refresh && minutes <= SHORTLY) this.#settle = this.#flicker(flicker);
    this.clock.ahead += minutes * MINUTE;
    const life = new Lifetime(each, this.schedule.batch.rows);
    if (await this.#run(life, refresh)) await this.#expectTruth('after a run');
  }

  /** Runs once more, with nothing in the way, and compares. */
  async settle(): Promise<void> {
    const settled = this.#settle();
    if (settled) this.#note(settled);
    this.clock.ahead += MINUTE;
    if (!(await this.#run(new Lifetime(null), false))) throw new Error('the last run did not come to its end');
    await this.#expectTruth('in the end');
  }

  async #run(life: Lifetime, refresh: boolean): Promise<boolean> {
    const archived = new Set(this.sandbox.portal.truth('contacts').archived.map((record) => record.id));
    const survivors = [...this.#changes.survivors.keys()];
    this.#seen ??= new Set(archived);
    this.#isFirstLoad ||= refresh;
    this.calls.onCall = () => life.call();
    const isComplete = await life
      .live(() => this.way.run(life, refresh))
      .finally(() => {
        this.calls.onCall = () => {};
      });
    this.#isUnderWay = !isComplete;
    if (!isComplete) return false;
    this.#isFirstLoad = false;
    this.#seen = archived;
    this.#modified.clear();
    for (const id of survivors) this.#changes.survivors.delete(id);
    return true;
  }

  /**
   * What was archived behind one look at it, is restored before the next, and was modified before that, is in nobody's sight
   * (docs/decisions/0006-nothing-twice-nothing-lost.md). Where archived records are not looked at, restoring has to show by itself.
   */
  readonly #mayRestore = (id: string): boolean => {
    if (this.schedule.deletes === 'off' && !this.schedule.rules.restoreBumps) return false;
    if (!this.#isUnderWay || this.#seen?.has(id)) return true;
    return !this.#isFirstLoad && !this.#modified.has(id);
  };

  /** @returns what takes it back */
  #flicker({ kind, pick }: Flicker): () => Done | null {
    const { live, archived } = this.sandbox.portal.truth('contacts');
    const [first, second] = [live, archived].map((all) => all[pick % Math.max(1, all.length)]?.id);
    if (kind === 'archived' && first !== undefined && !this.#modified.has(first)) {
      return undoing(this.#changes.archive([first], this.#mayRestore));
    }
    if (kind === 'restored' && second !== undefined) return undoing(this.#changes.restore(second, this.#mayRestore));
    if (kind === 'linked' && !this.#isFirstLoad && !this.#isUnderWay) return this.#flickerOfLink(pick);
    return () => null;
  }

  /** Only what was modified lately is looked at again though it does not count as modified. */
  #flickerOfLink(pick: number): () => Done | null {
    const since = this.sandbox.portal.clock.now() - LATELY_MS;
    const { live } = this.sandbox.portal.truth('contacts', { associations: ['companies'] });
    const recent = live.filter(({ id }) => (this.#modifiedAt.get(id) ?? 0) > since);
    const one = recent[pick % Math.max(1, recent.length)];
    if (one === undefined) return () => null;
    const linked = new Set(one.associations?.companies);
    const company = this.sandbox.portal.truth('companies').live.find(({ id }) => !linked.has(id))?.id;
    if (company === undefined) return () => null;
    this.#changes.link(one.id, company, true, true);
    return () => {
      const isLive = this.sandbox.portal.truth('contacts').live.some(({ id }) => id === one.id);
      return isLive ? this.#changes.link(one.id, company, false, this.#isUnderWay) : null;
    };
  }

  #note(done: Done): void {
    this.#last.push(done);
    for (const id of done.modified) {
      this.#modified.add(id);
      this.#modifiedAt.set(id, this.sandbox.portal.clock.now());
    }
    if (done.restored !== null) this.#seen?.delete(done.restored);
  }

  async #expectTruth(when: string): Promise<void> {
    try {
      await expectTruth(this.warehouse, this.sandbox, this.schedule);
    } catch (error) {
      throw new Error(`${when}, ${(error as Error).message}`, { cause: error });
    }
  }
}

function undoing({ undo }: Done): () => Done | null {
  return () => undo?.() ?? null;
}
