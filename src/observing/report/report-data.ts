import type { EpochMs } from '../../time.js';
import type { TimelineData } from './timeline.js';

/** All that a report page shows. Texts are shown as they are: none of them is HTML. */
export interface ReportData {
  /** hubflake's. */
  version: string;
  command: 'sync' | 'plan' | 'verify';
  pipeline: string;
  startedAt: EpochMs;
  /** null: it goes on. */
  endedAt: EpochMs | null;
  verdict: Verdict;
  /** What is looked at first. */
  figures: readonly Figure[];
  tables: readonly ReportTable[];
  /** HubSpot's limits, to hold calls against. */
  limits: { burst: number | null; burstSeconds: number; searchesASecond: number };
  /** null: no call was made. */
  timeline: TimelineData | null;
  time: readonly TimeSpent[];
  /** The calls of the day; null: HubSpot has not said. */
  quota: { max: number | null; left: number; ours: number } | null;
  notes: readonly ReportNote[];
  /** Notes for which there was no room. */
  notesLeftOut: number;
}

export interface Verdict {
  is: 'running' | 'good' | 'bad';
  text: string;
}

export interface Figure {
  label: string;
  value: number | string;
  /** A word or two below the value. */
  unit?: string;
}

export interface ReportTable {
  heading: string;
  /** What it shows, as a sentence. */
  about?: string;
  columns: readonly { label: string; is: 'text' | 'number' | 'status' }[];
  /** null: not known, or there is none. */
  rows: readonly (readonly Cell[])[];
}

/** A status has a word, by which its colour is chosen, and what there is to say of it. */
export type Cell = string | number | null | { is: 'good' | 'bad' | 'running' | 'quiet'; text: string };

export interface TimeSpent {
  what: string;
  /** Seconds by the clock in which at least one of them went on. */
  clock: number;
  /** Seconds of all of them, added up. */
  sum: number;
  times: number;
}

export type NoteKind = 'failed' | 'leftOut' | 'scopes' | 'changed' | 'columns' | 'warning' | 'note';

export interface ReportNote {
  about: NoteKind;
  text: string;
  /** What to do about it; empty: the text says it, or there is nothing to do. */
  advice: string;
  /** How often it was so. */
  count: number;
}
