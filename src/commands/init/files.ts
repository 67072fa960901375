import { existsSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { dotenvBeside } from '../../config/dotenv.js';
import { isYaml } from '../../config/syntax.js';
import { ConfigError } from '../../errors.js';
import { codeOf } from '../../json.js';
import { loadPackage } from '../../load-package.js';
import { conflicts, withVariables } from './dotenv-text.js';

/** The schema that editors complete pipelines by, in the package. */
const SCHEMA = 'spec/pipeline.schema.json';

/** The text of a pipeline's file: JSON, or YAML where its name says so. */
export function pipelineText(path: string, pipeline: object, version: string): string {
  const schema = schemaFor(path, version);
  if (!isYaml(path)) return `${JSON.stringify({ $schema: schema, ...pipeline }, null, 2)}\n`;
  const { stringify }: typeof import('yaml') = loadPackage('yaml');
  return `# yaml-language-server: $schema=${schema}\n${stringify(pipeline)}`;
}

/** Where editors find the schema: in the package beside the pipeline, or where the registry's packages can be read file by file. */
function schemaFor(path: string, version: string): string {
  const folder = dirname(resolve(path));
  for (let above = folder; ; above = dirname(above)) {
    const file = join(above, 'node_modules/hubflake', SCHEMA);
    if (existsSync(file)) return `./${relative(folder, file).replaceAll('\\', '/')}`.replace('./../', '../');
    if (dirname(above) === above) return `https://unpkg.com/hubflake@${version}/${SCHEMA}`;
  }
}

/** A new `.env` beside a pipeline, and what it would change of the one that is there. */
export interface NewDotenv {
  path: string;
  text: string;
  /** Variables that are there with other values. */
  conflicts: string[];
}

/** Throws a ConfigError where the file that is there cannot be read. */
export function newDotenv(path: string, variables: ReadonlyMap<string, string>): NewDotenv {
  const file = dotenvBeside(path);
  const before = existsSync(file) ? read(file) : '';
  return { path: file, text: withVariables(before, variables), conflicts: conflicts(before, variables) };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`${file} is there and cannot be read (${codeOf(error)}). Mend that, or add --no-env.`);
  }
}

/**
 * Writes files, all whole: each under another name first, which then becomes its own. What is to be secret only its owner can read.
 * Throws a ConfigError if one cannot be written; then none of those after it is.
 */
export function writeFiles(files: readonly { path: string; text: string; isSecret: boolean }[]): void {
  const parts = files.map((file) => {
    const path = writing(file.path, () => targetOf(file.path));
    return { ...file, path, part: `${path}.${process.pid}.part` };
  });
  try {
    for (const { path, part, text, isSecret } of parts) {
      writing(path, () => writeFileSync(part, text, { flag: 'wx', mode: isSecret ? 0o600 : 0o666 }));
    }
    for (const { path, part } of parts) writing(path, () => renameSync(part, path));
  } finally {
    for (const { part } of parts) rmSync(part, { force: true });
  }
}

/** The file itself, where `path` is a link to it. Throws the system's error where it is a folder. */
function targetOf(path: string): string {
  if (!existsSync(path)) return path;
  if (statSync(path).isDirectory()) throw Object.assign(new Error(`${path} is a folder`), { code: 'EISDIR' });
  return realpathSync(path);
}

function writing<T>(path: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw new ConfigError(`${path} cannot be written (${codeOf(error)}). Choose another --config.`);
  }
}
