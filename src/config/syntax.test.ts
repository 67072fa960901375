import fc from 'fast-check';
import { stringify } from 'yaml';
import { parseJson, parseYaml } from './syntax.js';

test('dates, times, versions of YAML before 1.2 and big whole numbers are not bent', () => {
  const text = `%YAML 1.1
---
day: 2024-01-01
instant: 2024-01-01T10:00:00Z
answer: yes
switch: off
sexagesimal: 12:30:45
id: 12345678901234567890
edge: 9007199254740993
safe: 9007199254740991
negative: -9007199254740993
hexadecimal: 0x10
octal: 0o17
decimal: 0.5
nothing: ~
quoted: "2024"
`;
  expect(parseYaml(text)).toEqual({
    value: {
      day: '2024-01-01',
      instant: '2024-01-01T10:00:00Z',
      answer: 'yes',
      switch: 'off',
      sexagesimal: '12:30:45',
      id: '12345678901234567890',
      edge: '9007199254740993',
      safe: 9007199254740991,
      negative: '-9007199254740993',
      hexadecimal: 16,
      octal: 15,
      decimal: 0.5,
      nothing: null,
      quoted: '2024',
    },
  });
});

test('anchors, aliases and merged keys are resolved; aliases without end are refused', () => {
  expect(parseYaml('base: &b { x: 1 }\none: { <<: *b, y: 2 }\ntwo: *b\n')).toEqual({
    value: { base: { x: 1 }, one: { x: 1, y: 2 }, two: { x: 1 } },
  });
  const levels = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < 8; i += 1)
    levels.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    );
  expect(parseYaml(levels.join('\n'))).toMatchObject({ problem: { why: 'its aliases multiply without end' } });
});

test('what JSON says, YAML says as well', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (given) => {
      const text = JSON.stringify(given);
      // Digits that JSON.parse rounds are kept in YAML.
      fc.pre(!/\d{16}/.test(text));
      const expected = parseJson(text);
      expect(parseYaml(stringify(JSON.parse(text)))).toEqual(expected);
    }),
    { numRuns: 200 },
  );
});
