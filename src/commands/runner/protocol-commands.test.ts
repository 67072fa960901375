import { parsePlainLine } from './protocol-commands.js';

test('a line as platforms write it needs no parser', () => {
  const line = parsePlainLine([
    'read',
    '--config',
    'c.json',
    '--catalog',
    'k.json',
    '--state',
    's.json',
    '--log-level',
    'debug',
  ]);
  expect(['config', 'catalog', 'state'].map((name) => line?.given.text(name))).toEqual(['c.json', 'k.json', 's.json']);
  expect(line?.given.logLevel).toBe('debug');
  expect(parsePlainLine(['spec'])?.given.logLevel).toBe('info');
});

test.each([
  [[]],
  [['sync', '--config', 'c.json']],
  [['toString']],
  [['read', '--help']],
  [['read', '--config']],
  [['read', '--config', '--catalog', 'k.json']],
  [['read', '--config=c.json']],
  [['read', '--config', 'a', '--config', 'b']],
  [['check', '--catalog', 'k.json']],
  [['check', '--config', 'c.json', '--log-level', 'loud']],
  [['check', 'c.json', 'd.json']],
])('%j is left to yargs', (args) => {
  expect(parsePlainLine(args)).toBeNull();
});
