import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hubspotBaseUrl } from './environment.js';
import { readJsonFile } from './files.js';
import { nearest } from './suggest.js';

const folder = mkdtempSync(join(tmpdir(), 'hubflake-test-'));
const file = (text: string) => {
  const path = join(folder, 'c.json');
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
  ['{"a":', 'is not JSON'],
])('says where %j stops being JSON, without showing it', (text, message) => {
  const read = () => readJsonFile(file(text), 'configuration');
  expect(read).toThrow(message);
  expect(read).not.toThrow('secret');
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
