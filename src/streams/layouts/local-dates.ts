import { ConfigError } from '../../errors.js';
import { epochMs } from '../../time.js';
import { coerce, EARLIEST_MS, LATEST_MS, type ValueKind } from './coerce.js';

const MS_A_DAY = 86_400_000;
const MS_A_SECOND = 1000;
/** More days than any portal's dates are likely to be of; they take some MB. */
const MOST_DAYS = 50_000;

/** A function that makes the JSON text of a date of a property's text; undefined: the text is no date. */
export type ToDate = (text: string) => string | undefined;

/**
 * The calendar dates that HubSpot shows in a time zone. A property of type `date` is a calendar date already, shown as such whatever the zone
 * is. One of type `datetime` is an instant, shown by the zone, also where it is midnight in UTC (developers.hubspot.com/docs/faq/how-should-timestamps-be-formatted-for-hubspots-apis).
 */
export class LocalDates {
  readonly #format: Intl.DateTimeFormat;
  /** By day in UTC, the zone's offset throughout that day, ms; null: it changes in between. */
  readonly #offsets = new Map<number, number | null>();

  /** @param zone an IANA name, such as `US/Eastern`. Throws a ConfigError for one that is not known here */
  constructor(readonly zone: string) {
    try {
      const numeric = { year: 'numeric', month: 'numeric', day: 'numeric' } as const;
      const clock = { hour: 'numeric', minute: 'numeric', second: 'numeric', hourCycle: 'h23' } as const;
      this.#format = new Intl.DateTimeFormat('en-US', { timeZone: zone, era: 'short', ...numeric, ...clock });
    } catch {
      throw new ConfigError(
        `local_dates: the portal's time zone "${zone}" is not known to this machine's time zone data. Leave local_dates out, or update Node.`,
      );
    }
  }

  /** @param kind of the property's values; undefined: they have no date */
  converter(kind: ValueKind): ToDate | undefined {
    if (kind === 'date') return (text) => coerce('date', text);
    if (kind === 'datetime') return (text) => this.#dateOf(coerce('datetime', text));
    return undefined;
  }

  /** @param instant the JSON text of an instant or of null; undefined: there is none */
  #dateOf(instant: string | undefined): string | undefined {
    if (instant === undefined || instant === 'null') return instant;
    const at = Date.parse(instant.slice(1, -1));
    const local = at + this.#offsetAt(at);
    if (!(local >= EARLIEST_MS && local <= LATEST_MS)) return undefined;
    return `"${new Date(local).toISOString().slice(0, '2024-05-01'.length)}"`;
  }

  #offsetAt(at: number): number {
    const day = Math.floor(at / MS_A_DAY);
    let offset = this.#offsets.get(day);
    if (offset === undefined) {
      const [first, last] = [this.#exactOffset(day * MS_A_DAY), this.#exactOffset((day + 1) * MS_A_DAY)];
      offset = first === last ? first : null;
      if (this.#offsets.size >= MOST_DAYS) this.#offsets.clear();
      this.#offsets.set(day, offset);
    }
    return offset ?? this.#exactOffset(at);
  }

  /** The offset to the second, as zones had before they had round ones. */
  #exactOffset(at: number): number {
    const second = Math.floor(at / MS_A_SECOND) * MS_A_SECOND;
    const parts = new Map(this.#format.formatToParts(epochMs(second)).map(({ type, value }) => [type, value]));
    const number = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type));
    const year = parts.get('era') === 'BC' ? 1 - number('year') : number('year');
    const local = new Date(
      Date.UTC(2000, number('month') - 1, number('day'), number('hour'), number('minute'), number('second')),
    );
    // Date.UTC maps the years 0 to 99 to 1900 to 1999.
    local.setUTCFullYear(year, number('month') - 1, number('day'));
    return local.getTime() - second;
  }
}
