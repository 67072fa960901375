/** What `/account-info/…/details` tells of a portal. */
export interface Account {
  readonly portalId: number;
  readonly accountType: string;
  readonly timeZone: string;
  readonly companyCurrency: string;
  readonly additionalCurrencies: readonly string[];
  readonly uiDomain: string;
  readonly dataHostingLocation: string;
}

/** Who can own records: a HubSpot user, or a queue, which is no user and has no last name. */
export interface Owner {
  readonly id: string;
  readonly type: 'PERSON' | 'QUEUE';
  readonly email: string;
  readonly firstName: string;
  readonly lastName?: string;
  readonly userId?: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly archived: boolean;
  readonly teams: readonly { readonly id: string; readonly name: string; readonly primary: boolean }[];
}

export interface Stage {
  readonly id: string;
  readonly label: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface Pipeline {
  readonly id: string;
  readonly label: string;
  readonly stages: readonly Stage[];
  /** Of the pipeline and its stages; 0 where HubSpot made them, see `pipelineJson`. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** By time zone: to make a format takes fifty times as long as to use it. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formats.set(timeZone, format);
  return format;
}

/** The zone's distance from UTC at `at`, in milliseconds. */
export function zoneOffsetMs(timeZone: string, at: number): number {
  const parts = formatOf(timeZone).formatToParts(at);
  const part = (type: string) => Number(parts.find((candidate) => candidate.type === type)?.value);
  const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return local - Math.floor(at / 1_000) * 1_000;
}

const DAY_MS = 86_400_000;

/** The next midnight of the zone after `at`: when HubSpot's daily budget starts anew. */
export function nextMidnight(timeZone: string, at: number): number {
  const offset = zoneOffsetMs(timeZone, at);
  const midnight = (Math.floor((at + offset) / DAY_MS) + 1) * DAY_MS - offset;
  // On the days when clocks change, the offset at midnight is not the one of now.
  const corrected = midnight + offset - zoneOffsetMs(timeZone, midnight);
  return corrected > at ? corrected : midnight;
}
