import { spawn } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '../../src/protocol/messages.js';
import type { TestFolder } from '../support/processes/command.js';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const python = `${root}.venv-airbyte/bin/python`;

/** A program of one file that runs hubflake, since Airbyte's tools take no arguments to a program. */
export function program(folder: TestFolder, name: string, args: readonly string[] = []): string {
  const command = [process.execPath, `${root}dist/main.js`, ...args].map((each) => `'${each}'`).join(' ');
  const path = folder.write(name, `#!/bin/sh\nexec ${command} "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

export interface PythonOptions {
  args: readonly string[];
  environment: Record<string, string>;
  cwd: string;
  input?: string;
}

/** Runs Python from the environment of Airbyte's tools. Returns what it printed; throws it where it failed. */
export function runPython({ args, environment, cwd, input = '' }: PythonOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    // Offline: no telemetry, and no look into Airbyte's registry.
    const env = { ...process.env, AIRBYTE_OFFLINE_MODE: '1', DO_NOT_TRACK: '1', ...environment };
    const child = spawn(python, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
    let out = '';
    let all = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk;
      all += chunk;
    });
    child.stderr.on('data', (chunk: Buffer) => {
      all += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(out) : reject(new Error(`exit code ${code}\n${all.slice(-30000)}`)),
    );
    child.stdin.end(input);
  });
}

/** The JSON in the last line of what was printed. */
export function lastLine(printed: string): JsonObject {
  return JSON.parse(printed.trimEnd().split('\n').at(-1) as string);
}
