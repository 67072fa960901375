import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { codeOf } from '../../json.js';

/** Whether a file is in a git repository, by the folders above it: git itself need not be there. */
export function isInRepository(file: string): boolean {
  const folder = dirname(resolve(file));
  return existsSync(join(folder, '.git')) || (dirname(folder) !== folder && isInRepository(folder));
}

/**
 * Has git ignore a file in the folder, by its `.gitignore`, where it does not yet.
 *
 * @returns what was done or is left to do, as a sentence; null: nothing, it was ignored before
 */
export function ignoreInGit(file: string): string | null {
  const [folder, name] = [dirname(file), basename(file)];
  if (git(folder, 'ls-files', '--error-unmatch', '--', name) === 0) {
    return `git already tracks ${file}: run git rm --cached ${name}, or its secrets go where the repository goes.`;
  }
  if (git(folder, 'check-ignore', '--quiet', '--', name) === 0) return null;
  const rules = join(folder, '.gitignore');
  try {
    const before = existsSync(rules) ? readFileSync(rules, 'utf8') : '';
    // Without git, check-ignore could not tell.
    if (before.split('\n').some((line) => [name, `/${name}`].includes(line.trim()))) return null;
    appendFileSync(rules, `${before === '' || before.endsWith('\n') ? '' : '\n'}${name}\n`);
  } catch (error) {
    return `${rules} cannot be written (${codeOf(error)}): have git ignore ${name}, which holds secrets.`;
  }
  return `${name} was added to ${rules}.`;
}

/** The exit code of a git command; null: there is no git. */
function git(folder: string, ...args: string[]): number | null {
  return spawnSync('git', ['-C', folder, ...args], { stdio: 'ignore' }).status;
}
