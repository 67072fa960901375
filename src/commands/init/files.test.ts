import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPrivateKey } from '../../config/snowflake/private-key.js';
import { pipelineText, writeFiles } from './files.js';
import { makeKeyPair, publicKeyOf } from './key-pair.js';
import { ownCommand } from './own-command.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hubflake-test-'));
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true });
});
const at = (name: string) => join(folder, name);
const modeOf = (name: string) => (statSync(at(name)).mode & 0o777).toString(8);

test('the schema is that of the package beside the pipeline or above it, and else that of the registry', () => {
  const schemaOf = (path: string) => JSON.parse(pipelineText(at(path), {}, '1.2.3')).$schema;
  expect(schemaOf('p.json')).toBe('https://unpkg.com/hubflake@1.2.3/spec/pipeline.schema.json');
  mkdirSync(at('node_modules/hubflake/spec'), { recursive: true });
  mkdirSync(at('a/b'), { recursive: true });
  writeFileSync(at('node_modules/hubflake/spec/pipeline.schema.json'), '{}');
  expect(schemaOf('p.json')).toBe('./node_modules/hubflake/spec/pipeline.schema.json');
  expect(schemaOf('a/b/p.json')).toBe('../../node_modules/hubflake/spec/pipeline.schema.json');
});

test('files are written whole or not at all: where one cannot be, none is', () => {
  mkdirSync(at('there'));
  const files = [
    { path: at('.env'), text: 'A=1\n', isSecret: true },
    { path: at('none/pipeline.json'), text: '{}', isSecret: false },
  ];
  expect(() => writeFiles(files)).toThrow(`${at('none/pipeline.json')} cannot be written (ENOENT)`);
  expect(readdirSync(folder)).toEqual(['there']);
  mkdirSync(at('none'));
  writeFileSync(at('.env'), 'B=2', { mode: 0o644 });
  writeFiles(files);
  expect([modeOf('.env'), readFileSync(at('.env'), 'utf8'), readdirSync(at('none'))]).toEqual([
    '600',
    'A=1\n',
    ['pipeline.json'],
  ]);
});

test('a folder in the place of a file is said before anything is written; a link stays one', () => {
  mkdirSync(at('pipeline.json'));
  const files = [
    { path: at('.env'), text: 'A=1\n', isSecret: true },
    { path: at('pipeline.json'), text: '{}', isSecret: false },
  ];
  expect(() => writeFiles(files)).toThrow(`${at('pipeline.json')} cannot be written (EISDIR)`);
  expect(readdirSync(folder)).toEqual(['pipeline.json']);
  writeFileSync(at('secrets'), 'B=2');
  symlinkSync(at('secrets'), at('.env'));
  writeFiles(files.slice(0, 1));
  expect([readFileSync(at('secrets'), 'utf8'), lstatSync(at('.env')).isSymbolicLink()]).toEqual(['A=1\n', true]);
});

test('a key pair is one that hubflake reads, in a file of its owner alone; a file that is there stays', () => {
  const publicKey = makeKeyPair(at('key.p8'));
  expect(modeOf('key.p8')).toBe('600');
  expect(publicKeyOf(readPrivateKey({ private_key_file: at('key.p8') }))).toBe(publicKey);
  const before = readFileSync(at('key.p8'), 'utf8');
  expect(before).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  expect(() => makeKeyPair(at('key.p8'))).toThrow('is there already, and is never overwritten');
  expect(() => makeKeyPair(at('none/key.p8'))).toThrow('cannot be written (ENOENT)');
  expect([readFileSync(at('key.p8'), 'utf8'), readdirSync(folder)]).toEqual([before, ['key.p8']]);
});

test.each<[string | undefined, Record<string, string>, string]>([
  ['/usr/lib/node_modules/hubflake/dist/main.js', { npm_command: 'exec' }, 'npx hubflake'],
  ['/usr/local/bin/hubflake', {}, 'hubflake'],
  [undefined, {}, 'hubflake'],
  [join(process.cwd(), 'dist/main.js'), {}, 'node dist/main.js'],
])('of %s with %j the next command is %s', (script, environment, expected) => {
  expect(ownCommand(script, environment)).toBe(expected);
});
