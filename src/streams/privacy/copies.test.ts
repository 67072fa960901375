import { readFileSync } from 'node:fs';
import { COPIES, copiesInClear, STREAMS } from './copies.js';

test('copies are told of that are read in clear, by what they repeat', () => {
  const selected = ['email', 'hs_email_domain', 'hs_full_name_or_email', 'lastname', 'phone'];
  expect(copiesInClear(selected, new Set(['email', 'lastname', 'hs_full_name_or_email', 'phone']))).toEqual(
    new Map([['email', ['hs_email_domain']]]),
  );
  expect(copiesInClear(selected, new Set())).toEqual(new Map());
  expect(copiesInClear(['toString'], new Set(['toString']))).toEqual(new Map());
});

test('so are those of what is to be hashed, but is not read itself', () => {
  expect(copiesInClear(['hs_full_name_or_email'], new Set(['email']))).toEqual(
    new Map([['email', ['hs_full_name_or_email']]]),
  );
});

describe('docs/privacy.md', () => {
  const page = readFileSync(new URL('../../../docs/privacy.md', import.meta.url), 'utf8');
  /** By row of the table of this heading, the names in each cell. */
  const table = (heading: string) => {
    const [, below = ''] = page.split(`\n${heading}\n|---|---|\n`);
    const [rows = ''] = below.split('\n\n');
    const namesIn = (cell = '') => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name).sort();
    return rows.split('\n').map((row) => {
      const [, first, second] = row.split('|');
      return [namesIn(first), namesIn(second)] as const;
    });
  };

  test('lists the copies, and no others', () => {
    const listed = table('| property | repeated in, of the same record |').flatMap(([names, copies]) =>
      names.map((name) => [name, copies]),
    );
    const known = Object.entries(COPIES).map(([name, copies]) => [name, [...copies].sort()]);
    expect(listed.sort()).toEqual(known.sort());
  });

  test('lists the streams, and no others', () => {
    const listed = table('| stream | has of contacts |').flatMap(([names]) => names);
    expect(listed.sort()).toEqual([...new Set(Object.values(STREAMS).flat())].sort());
  });
});
