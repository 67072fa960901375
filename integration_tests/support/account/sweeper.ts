import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('sweep.mjs', import.meta.url));

/** What is to be undone in the account, kept by a process that outlives this one: see sweep.mjs. */
export class Sweeper {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;

  /** @param destination the options to log in with, secrets included: they go through a pipe */
  constructor(destination: object) {
    // In a process group of its own: a Ctrl-C is for the suite, and what it leaves is for this one.
    this.#child = spawn(process.execPath, [PROGRAM], { detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdin.on('error', () => undefined);
    this.#child.unref();
    this.#tell({ destination });
  }

  /** To be called before the thing is done. @param role the one that does it, where it is not the suite's */
  willUndo(undo: string, role?: string): void {
    this.#tell({ undo, role });
  }

  /** It has been undone already. */
  forget(forget: string): void {
    this.#tell({ forget });
  }

  /** Undoes everything, the last first. Throws where something is left. */
  async finish(): Promise<void> {
    this.#child.stdin.end();
    const said = await text(this.#child.stdout);
    const { failed } = JSON.parse(said || '{"failed":["(the sweeper has died)"]}') as { failed: string[] };
    if (failed.length > 0) throw new Error(`left in the account:\n${failed.join('\n')}`);
  }

  #tell(line: object): void {
    this.#child.stdin.write(`${JSON.stringify(line)}\n`);
  }
}
