import type { JsonObject } from '../../../src/protocol/messages.js';
import type { Expected } from '../schedules/truth.js';
import { type Outcome, ofType } from './command.js';

/**
 * What a destination would hold after one or several runs of `read` in the airbyte layout: for each id the record that came
 * last, a tombstone laid over the record it marks; one of a record that has left the filters is such, too.
 */
export class Emitted {
  readonly #records = new Map<string, Map<string, JsonObject>>();

  add(outcome: Outcome): this {
    for (const { record } of ofType(outcome, 'RECORD')) this.addRecord(record.stream, record.data);
    return this;
  }

  addRecord(name: string, data: JsonObject): void {
    const stream = this.of(name);
    const id = String(data.id);
    const before = stream.get(id);
    const isTombstone = data.archived === true || data.matches_filters === false;
    if (!isTombstone) stream.set(id, data);
    else if (before) stream.set(id, { ...before, ...data });
  }

  /** The records of a stream, by id. */
  of(stream: string): Map<string, JsonObject> {
    let records = this.#records.get(stream);
    if (!records) {
      records = new Map();
      this.#records.set(stream, records);
    }
    return records;
  }

  /** The live records of a stream, in the form that the portal's truth is given in. */
  live(
    stream: string,
    types: ReadonlyMap<string, string>,
    associations: readonly string[] = [],
  ): Map<string, Expected> {
    const live = [...this.of(stream).values()].filter((data) => data.archived !== true);
    return new Map(
      live.map((data) => [
        String(data.id),
        {
          id: String(data.id),
          archived: false,
          mergedInto: null,
          values: valuesOf(data.properties as JsonObject, types),
          associations: Object.fromEntries(associations.map((name) => [name, [...(data[name] as string[])].sort()])),
        },
      ]),
    );
  }

  /** The ids of a stream's tombstones. */
  gone(stream: string): string[] {
    return [...this.of(stream).values()].filter((data) => data.archived === true).map((data) => String(data.id));
  }
}

function valuesOf(properties: JsonObject, types: ReadonlyMap<string, string>): Record<string, unknown> {
  return Object.fromEntries(
    [...types].map(([name, type]) => {
      const value = properties[name] ?? null;
      return [name, type === 'datetime' && value !== null ? Date.parse(String(value)) : value];
    }),
  );
}
