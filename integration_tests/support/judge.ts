import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Throws where a line is no message by Airbyte's own models of the protocol. */
export function judgeMessages(lines: readonly string[]): void {
  const judge = spawnSync(`${root}.venv/bin/python`, [`${root}integration_tests/python/judge.py`], {
    input: lines.map((line) => `${line}\n`).join(''),
    encoding: 'utf8',
    maxBuffer: 1024 * 1024 * 1024,
  });
  if (judge.status !== 0) throw new Error(`the judge failed: ${judge.stderr}`);
  const verdicts = judge.stdout.trimEnd().split('\n');
  if (lines.length > 0 && verdicts.length !== lines.length) {
    throw new Error(`${lines.length} messages, but ${verdicts.length} verdicts`);
  }
  for (const [index, verdict] of verdicts.entries()) {
    if (lines.length > 0 && verdict !== 'ok') throw new Error(`${verdict}\n${lines[index]?.slice(0, 500)}`);
  }
}
