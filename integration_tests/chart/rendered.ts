import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '../../src/protocol/messages.js';
import { type Outcome, run, type TestFolder } from '../support/processes/command.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
export const chart = `${root}deploy/helm/hubflake`;

export interface Manifest {
  kind: string;
  metadata: { name: string; labels?: Record<string, string> };
  data?: Record<string, string>;
  stringData?: Record<string, string>;
  spec?: JsonObject;
}

interface Judged {
  manifests: Manifest[];
  /** What the schemas of Kubernetes say against them. */
  errors: string[];
  /** The kinds that are not Kubernetes' own. */
  unknown: string[];
}

/** The oldest version that the chart is for, and a current one. */
export const KUBERNETES = ['1.31', '1.37'] as const;

export function helm(...args: readonly string[]): Promise<Outcome> {
  return run(process.env.HUBFLAKE_HELM ?? 'helm', args, {});
}

/** Reads manifests, and holds them against the schemas of a version of Kubernetes. */
export async function judge(yaml: string, version: string): Promise<Judged> {
  const script = `${import.meta.dirname}/manifests.py`;
  const { code, stdout, stderr } = await run(`${root}.venv-chart/bin/python`, [script, version], { input: yaml });
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Judged;
}

/** `helm template` with values of a test, as JSON. */
export function template(folder: TestFolder, values: unknown): Promise<Outcome> {
  return helm('template', 'hubflake', chart, '--namespace', 'data', '--values', folder.write('values.json', values));
}

/** The objects that some values make, by kind and name; throws what Helm or a schema says against them. */
export async function render(folder: TestFolder, values: unknown): Promise<Map<string, Manifest>> {
  const { code, stdout, stderr } = await template(folder, values);
  if (code !== 0) throw new Error(stderr);
  const objects = new Map<string, Manifest>();
  for (const version of KUBERNETES) {
    const { manifests, errors } = await judge(stdout, version);
    if (errors.length > 0) throw new Error(`Kubernetes ${version}: ${errors.join('\n')}`);
    for (const each of manifests) objects.set(`${each.kind} ${each.metadata.name}`, each);
  }
  return objects;
}

/** The value at a path of members. */
export function at(manifest: Manifest | undefined, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as JsonObject | undefined)?.[key], manifest);
}

export function read(path: string): string {
  return readFileSync(`${root}${path}`, 'utf8');
}
