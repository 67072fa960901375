import { observe } from '../../activity.js';
import { type EpochMs, epochNow } from '../../time.js';
import { BURST_SECONDS } from '../burst-window.js';
import { CallTally } from './call-tally.js';
import { NoteTaker } from './note-taker.js';
import type { Outcome, StreamOutcome } from './outcomes/outcome.js';
import { streamsTable, syncFigures, together } from './outcomes/sync-outcome.js';
import type { ReportData, ReportTable, TimeSpent, Verdict } from './report-data.js';
import { StreamTally } from './stream-tally.js';
import { Timeline } from './timeline.js';

/** HubSpot allows five searches a second and account. */
const SEARCHES_A_SECOND = 5;

/**
 * Collects what a report shows, from when it is made until it is closed: of one run, or of a service that runs for days. It can be asked
 * at any time, and what it keeps does not grow with time, records or calls: a row a stream, some hundred parts of time, and so many notes.
 */
export class ReportCollector {
  readonly #about: Pick<ReportData, 'command' | 'pipeline' | 'version'>;
  readonly #startedAt = epochNow();
  readonly #timeline = new Timeline(this.#startedAt);
  readonly #calls = new CallTally(this.#timeline);
  readonly #streams = new StreamTally(this.#timeline);
  readonly #notes = new NoteTaker();
  readonly #stopListening: () => void;
  #rounds = 0;
  /** What all rounds have done, by stream. */
  readonly #done = new Map<string, StreamOutcome>();
  #outcome: Outcome | null = null;
  #endedAt: EpochMs | null = null;

  constructor(about: Pick<ReportData, 'command' | 'pipeline' | 'version'>) {
    this.#about = about;
    this.#stopListening = observe('sync', {
      start: () => {
        this.#rounds += 1;
      },
    });
  }

  /** Takes what a run, or the last round of a service, has come to. */
  take(outcome: Outcome): void {
    this.#outcome = outcome;
    for (const each of outcome.streams ?? []) {
      this.#done.set(each.stream, together(this.#done.get(each.stream), each));
    }
  }

  /** Takes the error that ended all of it. @param message a sentence, with its code */
  failed(message: string): void {
    this.take({ verdict: { is: 'bad', text: message }, figures: [], notes: [] });
  }

  /** Ends: what happens from now on is not collected. */
  close(): void {
    this.#endedAt ??= epochNow();
    this.#stopListening();
    for (const each of [this.#calls, this.#streams, this.#notes]) each.close();
  }

  data(): ReportData {
    const now = this.#endedAt ?? epochNow();
    const { calls, window, quota } = this.#calls;
    return {
      ...this.#about,
      startedAt: this.#startedAt,
      endedAt: this.#endedAt,
      verdict: this.#verdict(),
      figures: [
        ...(this.#done.size > 0 ? syncFigures([...this.#done.values()]) : []),
        ...(this.#rounds > 1 ? [] : (this.#outcome?.figures ?? [])),
        ...(this.#rounds > 1 ? [{ label: 'Rounds', value: this.#rounds }] : []),
        {
          label: 'Calls made',
          value: calls,
          unit: this.#calls.repeats > 0 ? `${this.#calls.repeats} of them repeats` : 'to HubSpot',
        },
      ],
      tables: this.#tables(),
      limits: { burst: window.max, burstSeconds: BURST_SECONDS, searchesASecond: SEARCHES_A_SECOND },
      timeline: calls > 0 ? this.#calls.tracedTo(now).data(now) : null,
      time: this.#time(now),
      quota: quota === null ? null : { ...quota, ours: calls },
      notes: [...(this.#outcome?.notes ?? []).map((note) => ({ ...note, count: 1 })), ...this.#notes.notes.all()],
      notesLeftOut: this.#notes.notes.leftOut,
    };
  }

  #verdict(): Verdict {
    return this.#outcome?.verdict ?? { is: 'running', text: 'Still running.' };
  }

  #tables(): ReportTable[] {
    const callsOf = (stream: string) => this.#calls.callsOf(stream);
    const { streams } = this.#streams;
    const isSync = this.#about.command === 'sync' && streams.size + this.#done.size > 0;
    return [
      ...(isSync ? [streamsTable([...this.#done.values()], this.#outcome?.failed ?? [], streams, callsOf)] : []),
      ...(this.#outcome?.tables ?? []),
      ...(this.#calls.calls > 0 ? [this.#calls.table()] : []),
    ];
  }

  #time(now: EpochMs): TimeSpent[] {
    const { answering, waiting, pausing } = this.#calls;
    const kinds = [
      { what: 'HubSpot answering', busy: answering },
      { what: "waiting for HubSpot's limits", busy: waiting },
      { what: 'pauses before a repeat', busy: pausing },
      { what: 'warehouse commits', busy: this.#streams.committing },
    ];
    return kinds.map(({ what, busy }) => ({
      what,
      clock: busy.clockSeconds(now),
      sum: busy.seconds,
      times: busy.times,
    }));
  }
}
