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

test('docs/privacy.md lists every copy and every stream', () => {
  const page = readFileSync(new URL('../../../docs/privacy.md', import.meta.url), 'utf8');
  const named = [...Object.keys(COPIES), ...Object.values(COPIES).flat(), ...Object.values(STREAMS).flat()];
  expect(named.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
