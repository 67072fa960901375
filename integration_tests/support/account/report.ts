import type { Account } from './account.js';
import type { Ran } from './history.js';
import { profileOf } from './profile.js';

/** How a step ended. */
export interface Ending {
  title: string;
  /** Its beginning: passed, FAILED or NOT RUN. */
  outcome: string;
  seconds: number;
}

/** Whose profiles are asked for: the ones that took longest, of those that a warehouse has run. */
const MOST_PROFILES = 12;
/** What a statement in the account's stages, tables and the rest is called, without what differs from run to run. */
const SHORTENED: readonly [RegExp, string][] = [
  [/_HUBFLAKE_STAGE_[0-9A-Z_]+/g, '<stage>'],
  [/__HUBFLAKE_SIDE_[0-9A-Z_]+/g, '__<side>'],
  [/file:\S+/g, '<file>'],
];

/** What was run, as a table of the kinds of statements, for people. */
export async function costTable(account: Account, all: readonly Ran[]): Promise<string[]> {
  const scanned = await partitions(account, all);
  const kinds = new Map<string, Ran[]>();
  for (const each of all) kinds.set(kindOf(each.text), [...(kinds.get(kindOf(each.text)) ?? []), each]);
  const rows = [...kinds].map(([kind, ran]) => lineOf(kind, ran, scanned));
  return table([HEAD, ...rows, lineOf('all', all, scanned)]);
}

const HEAD = [
  'statement',
  'n',
  'elapsed ms',
  'compile ms',
  'execute ms',
  'queued ms',
  'blocked ms',
  'MB scanned',
  'partitions',
  'in warehouse',
  'cloud credits',
];

/** The verb and the last name: `MERGE INTO CONTACTS`. */
export function kindOf(text: string): string {
  const short = SHORTENED.reduce((so, [what, name]) => so.replaceAll(what, name), text);
  const [, verb = short.slice(0, 40), names = ''] =
    /^\s*([A-Z]+(?: (?:OR REPLACE|IF NOT EXISTS|IF EXISTS|TERSE|TRANSIENT|INTO|TABLES?|VIEW|SCHEMA|OBJECTS|SESSION|OVERWRITE)\b)*)([^(]*)/s.exec(
      short,
    ) ?? [];
  const name =
    verb === 'SELECT' ? /FROM ((?:"[^"]*"\.?)+)/.exec(short)?.[1] : /((?:"[^"]*"\.?)+|@\S+|<file>)/.exec(names)?.[1];
  return `${verb} ${name?.split('"."').at(-1)?.replaceAll('"', '') ?? ''}`.trim();
}

/** By query: scanned and total, of those whose profile could be had. */
async function partitions(account: Account, all: readonly Ran[]): Promise<Map<string, [number, number]>> {
  const found = new Map<string, [number, number]>();
  const heaviest = all
    .filter(({ warehouseSize, error }) => warehouseSize !== null && error === null)
    .sort((a, b) => (b.execute ?? 0) - (a.execute ?? 0))
    .slice(0, MOST_PROFILES);
  for (const { id } of heaviest) {
    const profile = await profileOf(account, id);
    // Without the right to see them, none is seen.
    if (typeof profile === 'string') return found;
    found.set(id, [profile.partitionsScanned, profile.partitionsTotal]);
  }
  return found;
}

function lineOf(kind: string, ran: readonly Ran[], scanned: ReadonlyMap<string, [number, number]>): string[] {
  const sum = (what: (each: Ran) => number | null, digits = 0): string => {
    const known = ran.map(what).filter((value) => value !== null);
    return known.length === 0 ? '?' : known.reduce((a, b) => a + b, 0).toFixed(digits);
  };
  const pruned = ran.flatMap(({ id }) => (scanned.has(id) ? [scanned.get(id) as [number, number]] : []));
  const total = (index: 0 | 1) => pruned.reduce((so, each) => so + each[index], 0);
  const woken = ran.filter(({ warehouseSize }) => warehouseSize !== null).length;
  return [
    kind,
    String(ran.length),
    sum(({ elapsed }) => elapsed),
    sum(({ compile }) => compile),
    sum(({ execute }) => execute),
    sum(({ queued }) => queued),
    sum(({ blocked }) => blocked),
    sum(({ bytesScanned }) => (bytesScanned === null ? null : bytesScanned / 1e6), 2),
    pruned.length === 0 ? '?' : `${total(0)}/${total(1)}`,
    ran.every(({ elapsed }) => elapsed === null) ? '?' : String(woken),
    sum(({ cloudCredits }) => cloudCredits, 6),
  ];
}

/** Rows in columns: the first to the left, the rest to the right. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

/** All steps at the end, so that nobody has to look for the one that was not run. */
export function summary(endings: readonly Ending[]): string[] {
  const rows = endings.map(({ title, outcome, seconds }) => [`${title}`, `${seconds.toFixed(0)} s`, ` ${outcome}`]);
  return [
    '',
    'The first hour:',
    ...rows.map(([title, took, outcome]) => `  ${took?.padStart(7)}  ${title} —${outcome}`),
  ];
}

/** Past Jest, which would hold it back, and give the place in the code to each line. */
export function print(lines: readonly string[]): void {
  process.stderr.write(`${lines.join('\n')}\n`);
}
