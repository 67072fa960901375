import type { CallKind } from './call.js';

/** One operation under all the paths it has: `:name` is any segment, `:date` a date-based version that is supported. */
export interface Route<Handler> {
  readonly kind: CallKind;
  readonly method: string;
  readonly paths: readonly string[];
  readonly handler: Handler;
}

export interface Match<Handler> {
  readonly route: Route<Handler>;
  readonly params: Readonly<Record<string, string>>;
}

/** The date-based versions that answer. New ones come each March and September. */
const DATES = new Set(['2026-03', '2026-09']);

interface Pattern<Handler> {
  readonly segments: readonly string[];
  readonly route: Route<Handler>;
}

/** Finds the route of a path. */
export class Router<Handler> {
  readonly #patterns = new Map<string, Pattern<Handler>[]>();

  constructor(routes: readonly Route<Handler>[]) {
    for (const route of routes) {
      for (const path of route.paths) {
        const segments = path.split('/').slice(1);
        const key = `${route.method} ${segments.length}`;
        const patterns = this.#patterns.get(key) ?? [];
        patterns.push({ segments, route });
        this.#patterns.set(key, patterns);
      }
    }
  }

  match(method: string, path: string): Match<Handler> | undefined {
    const segments = path.replace(/\/$/, '').split('/').slice(1);
    for (const pattern of this.#patterns.get(`${method} ${segments.length}`) ?? []) {
      const params = bind(pattern.segments, segments);
      if (params !== undefined) return { route: pattern.route, params };
    }
    return undefined;
  }
}

function bind(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (let index = 0; index < pattern.length; index++) {
    const expected = pattern[index] as string;
    const found = segments[index] as string;
    if (!expected.startsWith(':')) {
      if (expected !== found) return undefined;
    } else if (expected === ':date') {
      if (!DATES.has(found)) return undefined;
    } else {
      params[expected.slice(1)] = decode(found);
    }
  }
  return params;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
