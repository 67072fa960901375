import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../../errors.js';
import { ReportFile } from './report-file.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hubflake-report-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('is written in place of the one before, and leaves nothing beside it', () => {
  const path = join(folder, 'report.html');
  writeFileSync(path, 'old');
  const file = new ReportFile(path);
  expect(readFileSync(path, 'utf8')).toBe('old');
  file.write('new');
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(readdirSync(folder)).toEqual(['report.html']);
});

test('a draft that a killed run has left does not stand in the way', () => {
  const path = join(folder, 'report.html');
  writeFileSync(`${path}.${process.pid}.tmp`, 'half');
  const file = new ReportFile(path);
  file.write('new');
  expect([readFileSync(path, 'utf8'), readdirSync(folder)]).toEqual(['new', ['report.html']]);
});

test.each([
  ['none/report.html', 'there is no such folder'],
  ['', 'names no file'],
  ['.', 'names the folder'],
])('refuses %j at once, and says why', (name, why) => {
  const path = name === '' ? '' : join(folder, name);
  expect(() => new ReportFile(path)).toThrow(ConfigError);
  expect(() => new ReportFile(path)).toThrow(why);
  expect(readdirSync(folder)).toEqual([]);
});

test('a file in place of the folder is refused', () => {
  writeFileSync(join(folder, 'file'), '');
  expect(() => new ReportFile(join(folder, 'file', 'report.html'))).toThrow('what should be its folder is a file');
});

test('what is no plain file is written to, and not replaced', () => {
  const file = new ReportFile('/dev/null');
  file.write('page');
  expect(readFileSync('/dev/null', 'utf8')).toBe('');
  expect(existsSync('/dev/null')).toBe(true);
});
