import { type ByteText, byteText } from '../portal/bytes.js';
import { iso } from '../portal/clock.js';
import { fraction, hashText, mix } from '../portal/random.js';
import type { Generator, NewProperty, PropertyOption } from '../portal/types/properties.js';
import type { Pools } from './pools.js';

/** Sample data end here: no record was made or changed later, whenever it is generated. */
export const REFERENCE_TIME = Date.UTC(2026, 9, 1);
/** The oldest sample record is about this old. */
export const SAMPLE_SPAN_MS = 5 * 365 * 86_400_000;

const DAY_MS = 86_400_000;
/** How many distinct values a sampled number, date or instant can take. */
const POOL_SIZE = 1_024;

/** Values to draw from, or what makes them when the first is wanted: most properties of most portals are never read. */
type Pool = readonly string[] | (() => readonly string[]);

/** Options of a sampled property: the share of records without a value (default 0.1), and metadata. */
export interface Traits extends Partial<Omit<NewProperty, 'name'>> {
  readonly empty?: number;
}

/**
 * Makes properties whose sample values are a function of seed, property name and record id. Every value comes from a
 * pool of strings made once, so a page of 10,000 values is 10,000 look-ups.
 */
export class Kit {
  readonly #salt: number;

  constructor(
    readonly pools: Pools,
    seed: number,
    objectType: string,
  ) {
    this.#salt = hashText(objectType, seed);
  }

  /** Draws from `pool` for the property `name`: what its value is, unless the property says otherwise. */
  draw(name: string, pool: Pool, empty = 0): Generator {
    const salt = hashText(name, this.#salt);
    const from = <T>(make: () => readonly T[], nothing: T) => {
      let values: readonly T[] | undefined;
      return (id: number) => {
        const hash = mix(salt, id);
        // The high bits decide whether there is a value at all, the low ones which.
        if (empty > 0 && (hash >>> 16) / 65_536 < empty) return nothing;
        values ??= make();
        return values[(hash & 0xffff) % values.length] as T;
      };
    };
    const values = () => (typeof pool === 'function' ? pool() : pool);
    return Object.assign(from<string | null>(values, null), { json: from(() => quoted(values()), byteText('null')) });
  }

  text(name: string, label: string, pool: readonly string[], traits: Traits = {}): NewProperty {
    return this.#property(name, label, 'string', pool, traits);
  }

  phone(name: string, label: string, traits: Traits = {}): NewProperty {
    return this.#property(name, label, 'phone_number', this.pools.phones, traits);
  }

  json(name: string, label: string, traits: Traits = {}): NewProperty {
    return this.#property(name, label, 'json', this.pools.json, traits);
  }

  coordinates(name: string, label: string, traits: Traits = {}): NewProperty {
    return this.#property(name, label, 'object_coordinates', this.pools.coordinates, { hidden: true, ...traits });
  }

  /** A number in [0, max) with `decimals` decimals. */
  number(name: string, label: string, max: number, decimals = 0, traits: Traits = {}): NewProperty {
    const pool = this.#pool(name, (part) => (part * max).toFixed(decimals));
    return this.#property(name, label, 'number', pool, traits);
  }

  /** A calendar day, `2026-09-30`, up to `aheadDays` after the reference time. */
  date(name: string, label: string, traits: Traits & { aheadDays?: number } = {}): NewProperty {
    const { aheadDays = 0, ...rest } = traits;
    const pool = this.#pool(name, (part) => iso(aheadDays * DAY_MS + moment(part)).slice(0, 10));
    return this.#property(name, label, 'date', pool, rest);
  }

  /** An instant, `2026-09-30T12:00:00.123Z`, up to `aheadDays` after the reference time. */
  datetime(name: string, label: string, traits: Traits & { aheadDays?: number } = {}): NewProperty {
    const { aheadDays = 0, ...rest } = traits;
    const pool = this.#pool(name, (part) => iso(aheadDays * DAY_MS + moment(part)));
    return this.#property(name, label, 'datetime', pool, rest);
  }

  /** One of several values. */
  choice(name: string, label: string, values: readonly string[], traits: Traits = {}): NewProperty {
    return this.#property(name, label, 'enumeration', values, { options: optionsOf(values), ...traits });
  }

  /** Several values at once, separated by semicolons. */
  choices(name: string, label: string, values: readonly string[], traits: Traits = {}): NewProperty {
    const pool = values.flatMap((value, index) => [value, values.slice(0, index + 1).join(';')]);
    const metadata = { fieldType: 'checkbox', options: optionsOf(values), ...traits };
    return this.#property(name, label, 'enumeration', pool, metadata);
  }

  flag(name: string, label: string, traits: Traits = {}): NewProperty {
    return this.#property(name, label, 'bool', ['true', 'false'], traits);
  }

  /** A property that HubSpot computes: read-only, and its changes do not set the modified date. */
  calculated(name: string, label: string, type: 'number' | 'string' | 'datetime', generate: Generator): NewProperty {
    const fieldType = type === 'number' ? 'calculation_equation' : 'calculation_read_time';
    return { name, label, type, fieldType, calculated: true, hubspotDefined: true, generate };
  }

  #property(
    name: string,
    label: string,
    type: NewProperty['type'] & string,
    pool: Pool,
    { empty = 0.1, ...metadata }: Traits,
  ): NewProperty {
    return {
      name,
      label,
      type,
      description: `${label} of the record`,
      hubspotDefined: true,
      generate: this.draw(name, pool, empty),
      ...metadata,
    };
  }

  #pool(name: string, value: (part: number) => string): () => readonly string[] {
    const salt = hashText(name, this.#salt);
    let pool: readonly string[] | undefined;
    return () => {
      pool ??= Array.from({ length: POOL_SIZE }, (_, index) => value(fraction(salt, index)));
      return pool;
    };
  }
}

const quotedPools = new WeakMap<readonly string[], readonly ByteText[]>();

/** The pool's values as JSON, made once for all properties that share the pool. */
function quoted(pool: readonly string[]): readonly ByteText[] {
  const known = quotedPools.get(pool);
  if (known !== undefined) return known;
  const made = pool.map((value) => byteText(JSON.stringify(value)));
  quotedPools.set(pool, made);
  return made;
}

function moment(part: number): number {
  return REFERENCE_TIME - Math.floor(part * SAMPLE_SPAN_MS);
}

function optionsOf(values: readonly string[]): PropertyOption[] {
  return values.map((value) => ({ value, label: labelOf(value) }));
}

/** `CLOSED_WON` and `closedWon` read as "Closed won". */
function labelOf(value: string): string {
  const words = value
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/_/g, ' ')
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
