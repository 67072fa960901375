import { type EpochMs, epochMs } from '../../time.js';
import { isSemiStructured } from '../../warehouse/column-types.js';
import type { Reader } from '../../warehouse/store.js';
import { type ComparedField, comparedFields, differingRows, valuesOf } from '../../warehouse/verify/contents.js';

/** Rows that are fetched in one query. */
const PAGE = 20_000;
/** Rows whose lists are compared in one query. */
const MOST_KEYS = 500;

/** A record whose row is missing, is too many, or has other values. */
export interface DeepDifference {
  id: string;
  difference: 'missing' | 'stale' | 'ghost';
  /** When the record was last modified; null: it is not known. */
  version: EpochMs | null;
  /** The fields whose values differ. */
  fields: readonly string[];
}

/** Compares the live rows of a stream's table with those of the table that it was just read into. */
export class DeepComparison {
  readonly #own: Reader;
  readonly #other: Reader;
  readonly #fields: readonly ComparedField[];

  /** @param without fields that say nothing of the records */
  constructor(own: Reader, other: Reader, without: readonly string[]) {
    this.#own = own;
    this.#other = other;
    this.#fields = comparedFields(own.table, other.table, without);
  }

  async *differences(): AsyncGenerator<DeepDifference[]> {
    for (let after: string | null = null; ; ) {
      const page = { after: after === null ? null : this.#own.literal(after), limit: PAGE };
      const rows = await this.#own.rows(differingRows(this.#own.table, this.#other.table, this.#fields, page));
      yield await this.#withoutOrder(rows.map((row) => this.#differenceIn(row)));
      if (rows.length < PAGE) return;
      after = String(rows.at(-1)?.id);
    }
  }

  #differenceIn(row: Record<string, unknown>): DeepDifference {
    const difference = !isTrue(row.own) ? 'missing' : !isTrue(row.other) ? 'ghost' : 'stale';
    const numbers = String(row.fields ?? '')
      .split(',')
      .filter((number) => number !== '');
    return {
      id: String(row.id),
      difference,
      version: row.version === null || row.version === undefined ? null : epochMs(Number(row.version)),
      fields: numbers.map((number) => this.#fields[Number(number)]?.field ?? ''),
    };
  }

  /** Leaves out rows whose lists have the same items in another order: HubSpot's is not said to be always the same. */
  async #withoutOrder(all: readonly DeepDifference[]): Promise<DeepDifference[]> {
    const lists = this.#fields.filter(({ own }) => isSemiStructured(own.type));
    const isOfLists = ({ difference, fields }: DeepDifference) =>
      difference === 'stale' && fields.every((field) => lists.some((each) => each.field === field));
    const open = all.filter(isOfLists);
    const same = new Set<string>();
    for (let start = 0; start < open.length; start += MOST_KEYS) {
      const keys = open.slice(start, start + MOST_KEYS).map(({ id }) => this.#own.literal(id));
      for (const row of await this.#own.rows(valuesOf(this.#own.table, this.#other.table, lists, keys))) {
        if (lists.every((_, i) => inOrder(row[`l${i}`]) === inOrder(row[`r${i}`]))) same.add(String(row.id));
      }
    }
    return all.filter(({ id }) => !same.has(id));
  }
}

/** The text of a JSON value, whose list is sorted if it is one. */
function inOrder(value: unknown): string {
  const text = value === null || value === undefined ? 'null' : String(value);
  try {
    const parsed: unknown = JSON.parse(text);
    return JSON.stringify(Array.isArray(parsed) ? parsed.map((each) => JSON.stringify(each)).sort() : parsed);
  } catch {
    return text;
  }
}

function isTrue(value: unknown): boolean {
  return value === true || String(value).toLowerCase() === 'true';
}
