import type { Figure, ReportNote, ReportTable, Verdict } from '../report-data.js';

/** What a run, or the last round of a service, has come to. */
export interface Outcome {
  verdict: Verdict;
  figures: readonly Figure[];
  /** Of a sync. */
  streams?: readonly StreamOutcome[];
  /** Other tables than that of the streams of a sync. */
  tables?: readonly ReportTable[];
  notes: readonly Omit<ReportNote, 'count'>[];
  /** The streams that failed. */
  failed?: readonly string[];
}

/** What a sync did to a stream's table. */
export interface StreamOutcome {
  stream: string;
  table: string;
  records: number;
  inserted: number;
  updated: number;
  marked: number;
  removed: number;
  complete: boolean;
}

/** A stream that failed. */
export interface StreamError {
  stream: string;
  code: string;
  message: string;
}

/** The notes of streams that failed. */
export function failureNotes(errors: readonly StreamError[]): Outcome['notes'] {
  return errors.map(({ stream, code, message }) => ({
    about: 'failed',
    text: `${stream}: ${message} [${code}]`,
    advice: '',
  }));
}

/** @param plural of the noun, where it is not with an s */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? noun : plural}`;
}
