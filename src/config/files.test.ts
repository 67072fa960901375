import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hubspotBaseUrl } from './environment.js';
import { readConfigFile, readJsonFile } from './files.js';
import { nearest } from './suggest.js';

const folder = mkdtempSync(join(tmpdir(), 'hubflake-test-'));
const file = (text: string, name = 'c.json') => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

afterAll(() => rmSync(folder, { recursive: true }));

test('reads JSON, also with a byte-order mark', () => {
  expect(readJsonFile(file('\ufeff{"a":1}'), 'configuration')).toEqual({ a: 1 });
});

test.each([
  ['', 'is empty'],
  ['{"a":\n "secret", }', 'is not JSON: see line 2, column 12'],
  ['{"a":', 'is not JSON: see line 1, column 6, where it ends too early'],
  ['{"a": 1,\n "b": secret}', 'is not JSON: see line 2, column 7'],
  ['secret', 'is not JSON: see line 1, column 1'],
  ['{"a": "secret\n"}', 'is not JSON: see line 1, column 7'],
])('says where %j stops being JSON, without showing it', (text, message) => {
  const read = () => readJsonFile(file(text), 'configuration');
  expect(read).toThrow(message);
  expect(read).not.toThrow('secret');
});

test('reads a configuration as YAML where its name ends so, and as JSON else', () => {
  expect(readConfigFile(file('\ufeffa: 1 # one\n', 'c.yaml'), 'configuration')).toEqual({ a: 1 });
  expect(readConfigFile(file('{"a":1}', 'c.YML'), 'configuration')).toEqual({ a: 1 });
  expect(() => readConfigFile(file('a: 1\n'), 'configuration')).toThrow('is not JSON: see line 1, column 1');
  expect(() => readConfigFile(file('\n', 'c.yml'), 'configuration')).toThrow('It should hold a YAML document.');
});

test.each([
  [
    'a:\n  b: 1\n c: secret\n',
    'is not YAML: see line 3, column 1, where the indentation is not that of the lines before',
  ],
  ['a: 1\nb: secret\na: 2\n', 'is not YAML: see line 3, column 1, where a key is there twice'],
  ['a:\n\t- secret\n', 'is not YAML: see line 2, column 1, where tabs cannot indent'],
  ['a: 1\n---\nb: secret\n', 'is not YAML: see line 2, column 1, where a second document begins'],
  ['a: *secret\n', 'is not YAML: see line 1, column 4, where an alias has no anchor before it'],
  ['a: "secret\n', 'is not YAML: see line'],
])('says where %j stops being YAML, without showing it', (text, message) => {
  const read = () => readConfigFile(file(text, 'c.yaml'), 'configuration');
  expect(read).toThrow(message);
  expect(read).not.toThrow('secret');
});

test.each([
  ['c.json', `${'['.repeat(3_000)}${']'.repeat(3_000)}`],
  ['c.json', '['.repeat(200_000)],
  ['c.yaml', `${'['.repeat(300)}${']'.repeat(300)}`],
])('says of a %s that it is nested too deeply', (name, text) => {
  expect(() => readConfigFile(file(text, name), 'configuration')).toThrow(
    /: see line 1, column \d+, where something begins/,
  );
});

test('says why a file cannot be read', () => {
  expect(() => readJsonFile(join(folder, 'none.json'), 'catalog')).toThrow('The catalog file');
  expect(() => readJsonFile(join(folder, 'none.json'), 'catalog')).toThrow('there is no such file');
  expect(() => readJsonFile(folder, 'state')).toThrow('it is a folder');
});

test('lets HubSpot be elsewhere by https, and by http on this machine only', () => {
  expect(hubspotBaseUrl({})).toBe('https://api.hubapi.com');
  expect(hubspotBaseUrl({ HUBSPOT_BASE_URL: 'http://127.0.0.1:8080/' })).toBe('http://127.0.0.1:8080');
  expect(hubspotBaseUrl({ HUBSPOT_BASE_URL: 'http://localhost:1' })).toBe('http://localhost:1');
  expect(hubspotBaseUrl({ HUBSPOT_BASE_URL: 'https://proxy.example/hub' })).toBe('https://proxy.example/hub');
  expect(() => hubspotBaseUrl({ HUBSPOT_BASE_URL: 'http://example.com' })).toThrow('should start with https://');
  expect(() => hubspotBaseUrl({ HUBSPOT_BASE_URL: 'http://127.0.0.1.example.com' })).toThrow('https://');
  expect(() => hubspotBaseUrl({ HUBSPOT_BASE_URL: 'nonsense' })).toThrow('should be a URL');
});

test('finds what was probably meant, and nothing where nothing is near', () => {
  expect(nearest('contcats', ['companies', 'contacts', 'deals'])).toBe('contacts');
  expect(nearest('Deal', ['companies', 'contacts', 'deals'])).toBe('deals');
  expect(nearest('zzzzzz', ['companies', 'contacts', 'deals'])).toBeUndefined();
});
