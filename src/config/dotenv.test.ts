// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are what is tested
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configureLog } from '../log.js';
import { environmentOf } from './dotenv.js';
import { interpolate } from './environment.js';

let folder: string;
let warnings: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hubflake-test-'));
  warnings = [];
  configureLog({ level: 'info', sink: (_, message) => warnings.push(message) });
});
afterEach(() => rmSync(folder, { recursive: true }));

const dotenv = (text: string) => {
  writeFileSync(join(folder, '.env'), text, { mode: 0o600 });
  chmodSync(join(folder, '.env'), 0o600);
};
const resolve = (document: unknown, environment: NodeJS.ProcessEnv) =>
  interpolate(document, environmentOf(join(folder, 'pipeline.json'), document, environment));

test('takes from the .env beside the pipeline what the environment does not have', () => {
  dotenv('# of the pipeline\nA=\'from # file\'\nexport B=file # said so\nC="two\\nlines"\n');
  expect(resolve(['${A}', '${B}', '${C}'], { B: 'real' })).toEqual(['from # file', 'real', 'two\nlines']);
  expect(resolve('${A}', { A: '' })).toBe('');
  expect(warnings).toEqual([]);
});

test('needs no file, and says which variable neither has', () => {
  expect(resolve('${A}', { A: 'a' })).toBe('a');
  dotenv('A=1\n');
  expect(() => resolve({ x: '${B}' }, {})).toThrow('x uses the environment variable B, which is not set');
});

test('warns of a file that others can read, where a value of it is used', () => {
  dotenv('A=1\n');
  const file = join(folder, '.env');
  chmodSync(file, 0o644);
  expect(resolve('${B}', { B: 'b' })).toBe('b');
  expect(warnings).toEqual([]);
  expect(resolve('${A}', {})).toBe('1');
  expect(warnings).toEqual([`${file} can be read by others than its owner (mode 644). Run: chmod 600 ${file}`]);
});

test('says that the file is there and cannot be read', () => {
  mkdirSync(join(folder, '.env'));
  expect(() => resolve('${A}', {})).toThrow(`${join(folder, '.env')} cannot be read (EISDIR)`);
  // Where nothing is wanted of it, nobody looks.
  expect(resolve('${A}', { A: 'a' })).toBe('a');
});
