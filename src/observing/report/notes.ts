import type { ReportNote } from './report-data.js';

/** More than anybody reads; the page says how many there were besides. */
const MOST_NOTES = 200;

/** What is to be said, each thing once with how often it was so. Of more than {@link MOST_NOTES}, the oldest ones are only counted. */
export class Notes {
  leftOut = 0;
  readonly #notes = new Map<string, ReportNote>();

  add(note: Omit<ReportNote, 'count'>): void {
    const key = note.text;
    const count = (this.#notes.get(key)?.count ?? 0) + 1;
    // The one that was so last is the last in the map.
    this.#notes.delete(key);
    this.#notes.set(key, { ...note, count });
    const [oldest] = this.#notes.keys();
    if (this.#notes.size <= MOST_NOTES || oldest === undefined) return;
    this.#notes.delete(oldest);
    this.leftOut += 1;
  }

  all(): ReportNote[] {
    return [...this.#notes.values()].map((note) => ({ ...note }));
  }
}
