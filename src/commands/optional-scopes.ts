import { existsSync, readFileSync } from 'node:fs';

/**
 * The scopes that `scripts/compile-specs.mjs` writes at build time: importing all streams to ask them takes as long as the rest of
 * `spec`. Missing when the sources are run directly, as tests do.
 */
const COMPILED = new URL('./optional-scopes.json', import.meta.url);

/** Scopes with which every stream can be read. */
export async function optionalScopes(): Promise<string[]> {
  if (existsSync(COMPILED)) return JSON.parse(readFileSync(COMPILED, 'utf8'));
  const { everyScope } = await import('../streams/access.js');
  const { DECLARED_STREAMS } = await import('../streams/registry.js');
  return everyScope(DECLARED_STREAMS);
}
