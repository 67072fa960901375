import type { ReportNote } from './report-data.js';

/** More than anybody reads; the page says how many there were besides. */
const MOST_NOTES = 200;

/** What is to be said, each thing once with how often it was so. Further ones than {@link MOST_NOTES} are only counted. */
export class Notes {
  leftOut = 0;
  readonly #notes = new Map<string, ReportNote>();

  add(note: Omit<ReportNote, 'count'>): void {
    const key = note.text;
    const known = this.#notes.get(key);
    if (known) known.count += 1;
    else if (this.#notes.size < MOST_NOTES) this.#notes.set(key, { ...note, count: 1 });
    else this.leftOut += 1;
  }

  all(): ReportNote[] {
    return [...this.#notes.values()].map((note) => ({ ...note }));
  }
}
