/**
 * The secrets of a new pipeline, by the names of the variables that it takes them from: they go into `.env`, and the pipeline has
 * `${NAME}`.
 */
export class Secrets {
  readonly values = new Map<string, string>();

  /** Keeps a secret. Returns what the pipeline has in its place. */
  keep(name: string, value: string): string {
    this.values.set(name, value);
    return `\${${name}}`;
  }

  /** The variables of the process, and before them the secrets. */
  within(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    return { ...environment, ...Object.fromEntries(this.values) };
  }
}
