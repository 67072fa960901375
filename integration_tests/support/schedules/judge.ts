import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll } from '@jest/globals';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Airbyte's own models of the protocol in a process of their own, one a suite: loading them takes longer than all its messages. */
let judge: Judge | null = null;
afterAll(() => judge?.end());

/** Throws where a line is no message by Airbyte's own models of the protocol. */
export async function judgeMessages(lines: readonly string[]): Promise<void> {
  judge ??= new Judge();
  for (const [index, verdict] of (await judge.verdicts(lines)).entries()) {
    if (verdict !== 'ok') throw new Error(`${verdict}\n${lines[index]?.slice(0, 500)}`);
  }
}

class Judge {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  #errors = '';
  /** One list of messages after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor() {
    this.#process = spawn(`${root}.venv/bin/python`, [`${root}integration_tests/python/judge.py`]);
    this.#answers = createInterface(this.#process.stdout)[Symbol.asyncIterator]();
    this.#process.stderr.on('data', (text) => {
      this.#errors += text;
    });
    // What is wrong shows in the answers that do not come.
    this.#process.on('error', (error) => {
      this.#errors += error;
    });
    this.#process.stdin.on('error', () => undefined);
  }

  /** One for each line. */
  verdicts(lines: readonly string[]): Promise<string[]> {
    const next = this.#last.then(() => this.#ask(lines));
    this.#last = next.catch(() => undefined);
    return next;
  }

  async #ask(lines: readonly string[]): Promise<string[]> {
    this.#process.stdin.write(lines.map((line) => `${line}\n`).join(''));
    const verdicts: string[] = [];
    while (verdicts.length < lines.length) {
      const { value, done } = await this.#answers.next();
      if (done)
        throw new Error(`the judge failed after ${verdicts.length} of ${lines.length} messages: ${this.#errors}`);
      verdicts.push(value);
    }
    return verdicts;
  }

  end(): void {
    this.#process.kill();
  }
}
