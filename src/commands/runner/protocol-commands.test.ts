import { usualLine } from './protocol-commands.js';

test('a line as platforms write it needs no parser', () => {
  const line = usualLine([
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
  expect(line?.given).toEqual({ config: 'c.json', catalog: 'k.json', state: 's.json', logLevel: 'debug' });
  expect(usualLine(['spec'])?.given).toEqual({ logLevel: 'info' });
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
  expect(usualLine(args)).toBeNull();
});
