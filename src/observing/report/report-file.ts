import { closeSync, openSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { ConfigError } from '../../errors.js';
import { codeOf } from '../../json.js';

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'what should be its folder is a file',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  ENAMETOOLONG: 'the name is too long',
};

/** Where a report is to go: tried before there is one, and written whole or not at all. */
export class ReportFile {
  readonly path: string;
  /** A file beside it, which takes its place when it is complete; null: it is no plain file, and is written to as it is. */
  readonly #draft: string | null;

  /** Throws a ConfigError where no report could be written to `path`. */
  constructor(path: string) {
    this.path = path;
    if (path === '') throw new ConfigError('--report names no file. Give it one: --report report.html.');
    try {
      const there = statSync(path, { throwIfNoEntry: false });
      if (there?.isDirectory())
        throw new ConfigError(`--report names the folder ${path}. Give it the name of a file in it.`);
      this.#draft = there === undefined || there.isFile() ? `${path}.${process.pid}.tmp` : null;
      // In containers, a run that was killed may have left a draft of this one's name.
      closeSync(openSync(this.#draft ?? path, this.#draft === null ? 'a' : 'w'));
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      throw new ConfigError(
        `The report ${path} cannot be written: ${whyOf(error)}. Nothing was done; name another file.`,
      );
    }
    this.discard();
  }

  /** Writes the page in place of the one before. Throws the system's error. */
  write(page: string): void {
    if (this.#draft === null) {
      writeFileSync(this.path, page);
      return;
    }
    try {
      writeFileSync(this.#draft, page);
      renameSync(this.#draft, this.path);
    } finally {
      this.discard();
    }
  }

  discard(): void {
    if (this.#draft !== null) rmSync(this.#draft, { force: true });
  }
}

/** Why a file cannot be written, as the end of a sentence. */
export function whyOf(error: unknown): string {
  const code = codeOf(error);
  return WHY[code ?? ''] ?? code ?? (error instanceof Error ? error.message : String(error));
}
